// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <string>
#include <string_view>

namespace posthaste::utf8 {

bool is_valid(std::string_view text);
// ISO 8859-1 octets as UTF-8; never fails.
std::string from_latin1(std::string_view octets);
// At most `max_octets`, cut at a character.
std::string_view clip(std::string_view text, std::size_t max_octets);
// Control octets and invalid UTF-8 as \xHH, at most `max_octets`: hostile text made fit for a log
// line, a report or a page (threats.md P8, P10).
std::string printable(std::string_view text, std::size_t max_octets);

}  // namespace posthaste::utf8
