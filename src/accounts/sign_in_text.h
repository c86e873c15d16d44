// A sign-in as one line of JSON, as it is stored and as the admin API tells it. Pure.
#pragma once

#include "accounts/sign_in_log.h"
#include "formats/json.h"

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::accounts {

// The members of an open object; empty ones are left out.
void write_members(formats::JsonWriter& out, const SignIn& sign_in);

std::string write_sign_in(const SignIn& sign_in);

// Nothing when it cannot be read. Members that are not known are passed over.
std::optional<SignIn> parse_sign_in(std::string_view json);

std::string_view to_string(SignIn::Tls tls);  // "none", "implicit", "starttls"

}  // namespace posthaste::accounts
