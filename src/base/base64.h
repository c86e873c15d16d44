// base64 (RFC 4648 §4), strict: no white space, padding required, no stray bits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::base64 {

std::string encode(std::string_view octets);
std::optional<std::string> decode(std::string_view text);

}  // namespace posthaste::base64
