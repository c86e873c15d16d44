// base64 (RFC 4648 §4), strict: no white space, padding required, no stray bits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::base64 {

std::string encode(std::string_view octets);
std::optional<std::string> decode(std::string_view text);

// The alphabet for URLs and file names, without padding (RFC 4648 §5, RFC 7515 §2).
std::string encode_url(std::string_view octets);

}  // namespace posthaste::base64
