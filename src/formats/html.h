// Text into HTML.
#pragma once

#include <string>
#include <string_view>

namespace posthaste::formats {

// Fit for element content and for quoted attribute values (not for scripts, styles or URLs). What
// is not UTF-8 comes out as utf8::printable writes it.
std::string escape_html(std::string_view text);

}  // namespace posthaste::formats
