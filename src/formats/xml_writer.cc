#include "base/assert.h"
#include "base/utf8.h"
#include "formats/entities.h"
#include "formats/xml.h"

namespace posthaste::formats {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// U+FFFE and U+FFFF are valid UTF-8 but no characters of XML (XML 1.0 §2.2).
bool is_no_character(std::string_view text, std::size_t at) {
    return text.substr(at, 2) == "\xef\xbf" && at + 2 < text.size() &&
           static_cast<unsigned char>(text[at + 2]) >= 0xbe;
}

void append_escaped(std::string& out, char c) {
    if (const auto entity = entity_of(c); !entity.empty()) {
        out += entity;
        return;
    }
    switch (c) {
        // White space other than a blank would be normalised away in attributes, and CR anywhere.
        case '\t':
            out += "&#9;";
            break;
        case '\n':
            out += "&#10;";
            break;
        case '\r':
            out += "&#13;";
            break;
        default:
            if (static_cast<unsigned char>(c) < 0x20) {
                out += kReplacement;
            } else {
                out += c;
            }
    }
}

}  // namespace

std::string escape_xml(std::string_view text) {
    std::string repaired;
    if (!utf8::is_valid(text)) {
        repaired = utf8::printable(text, text.size() * 4);
        text = repaired;
    }
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_no_character(text, i)) {
            out += kReplacement;
            i += 2;
        } else {
            append_escaped(out, text[i]);
        }
    }
    return out;
}

std::string fill_xml(std::string_view pattern, XmlValues values) {
    std::string out;
    out.reserve(pattern.size() * 2);
    while (!pattern.empty()) {
        const std::size_t open = pattern.find('{');
        out += pattern.substr(0, open);
        if (open == std::string_view::npos) break;
        const std::size_t close = pattern.find('}', open);
        PH_ASSERT(close != std::string_view::npos);
        const std::string_view name = pattern.substr(open + 1, close - open - 1);
        bool found = false;
        for (const auto& [key, value] : values) {
            if (key != name) continue;
            out += escape_xml(value);
            found = true;
            break;
        }
        PH_ASSERT(found);
        pattern.remove_prefix(close + 1);
    }
    return out;
}

}  // namespace posthaste::formats
