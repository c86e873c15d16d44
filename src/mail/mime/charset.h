// Text in the character sets that encoded words come in (RFC 2047), as UTF-8. Pure; uses the
// tables of the C library.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::mail {

// `octets` (at most 1024) in `charset`, a name as mail programs write it, in any letter case.
// Nothing if that is none of the sets known here, if the octets are no text in it, or if the
// machine has no table of it. What comes out may hold control characters.
std::optional<std::string> to_utf8(std::string_view charset, std::string_view octets);

}  // namespace posthaste::mail
