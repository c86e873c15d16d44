// What the admin API's handlers share: reading a JSON body, blocking work on the pool.
#pragma once

#include "base/result.h"
#include "formats/json.h"
#include "runtime/offload.h"
#include "web/http.h"

#include <string>
#include <string_view>

namespace posthaste::web {

constexpr Seconds kAdminDeadline{60};

Result<formats::JsonValue> json_body(
    const HttpRequest& request);  // an object; an empty body is an empty object
Result<std::string> text_member(const formats::JsonValue& body,
                                std::string_view key);  // required, not empty
std::string optional_text(const formats::JsonValue& body, std::string_view key);
bool flag_member(const formats::JsonValue& body, std::string_view key);

HttpResponse done();  // {"done":true}
HttpResponse answer(const Result<void>& status);

}  // namespace posthaste::web
