// What HTML and XML escape alike. Private to formats/.
#pragma once

#include <string_view>

namespace posthaste::formats {

// Empty for an octet that stands for itself, inside quotes too.
constexpr std::string_view entity_of(char c) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
    }
}

}  // namespace posthaste::formats
