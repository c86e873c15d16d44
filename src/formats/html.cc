#include "formats/html.h"

#include "base/utf8.h"

namespace posthaste::formats {

std::string escape_html(std::string_view text) {
    std::string repaired;
    if (!utf8::is_valid(text)) {
        repaired = utf8::printable(text, text.size() * 4);
        text = repaired;
    }
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            case '\0':
                out += "\xef\xbf\xbd";
                break;  // no parser keeps a NUL; the same sign that they show
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace posthaste::formats
