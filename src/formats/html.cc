#include "formats/html.h"

#include "base/utf8.h"
#include "formats/entities.h"

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
        if (const auto entity = entity_of(c); !entity.empty()) {
            out += entity;
        } else if (c == '\0') {
            out += "\xef\xbf\xbd";  // no parser keeps a NUL; the same sign that they show
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace posthaste::formats
