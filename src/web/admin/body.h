// What the admin API's handlers share: reading a JSON body, blocking work on the pool.
#pragma once

#include "base/result.h"
#include "formats/json.h"
#include "runtime/offload.h"
#include "web/http/http.h"

#include <string>
#include <string_view>

namespace posthaste::web {

constexpr Seconds kAdminDeadline{60};

Result<formats::JsonValue> json_body(
    const HttpRequest& request);  // an object; an empty body is an empty object
Result<std::string> text_member(const formats::JsonValue& body,
                                std::string_view key);  // required, not empty
// A member of another type is refused, never taken for an absent one: {"password": 1234} must not
// mean "none".
Result<std::string> optional_text(const formats::JsonValue& body, std::string_view key);
Result<bool> flag_member(const formats::JsonValue& body, std::string_view key);
// The array of that name, empty when absent or null.
Result<std::vector<std::string>> text_list(const formats::JsonValue& body, std::string_view key);
// A whole number in the query, `fallback` when absent.
Result<std::uint64_t> number_param(const HttpRequest& request, std::string_view name,
                                   std::uint64_t fallback);

HttpResponse done();  // {"done":true}
HttpResponse answer(const Result<void>& status);

}  // namespace posthaste::web
