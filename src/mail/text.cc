#include "mail/text.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "mail/mime/charset.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxLine = 998;        // RFC 5322 §2.1.1, without CR LF
constexpr std::size_t kHardBreak = 900;      // where a line without a space is broken all the same
constexpr std::size_t kMaxWordRead = 255;    // of others' encoded words; RFC 2047 allows 75
constexpr std::size_t kMaxWordWritten = 64;  // leaves room for "Subject: " in 76 (RFC 2047 §2)

std::size_t sequence_length(char lead) {
    const auto c = static_cast<unsigned char>(lead);
    return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

// The character at `at`; `text` is valid UTF-8.
char32_t character_at(std::string_view text, std::size_t at) {
    const std::size_t length = sequence_length(text[at]);
    const auto lead = static_cast<unsigned char>(text[at]);
    if (length == 1) return lead;
    char32_t c = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        c = c << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
    }
    return c;
}

void append_character(std::string& out, char32_t c) {
    const auto trail = [&](unsigned shift) {
        out += static_cast<char>(0x80U | ((c >> shift) & 0x3fU));
    };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0U | (c >> 6));
        trail(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0U | (c >> 12));
        trail(6);
        trail(0);
    } else {
        out += static_cast<char>(0xf0U | (c >> 18));
        trail(12);
        trail(6);
        trail(0);
    }
}

// Without marks of writing direction and byte order marks, all of them three octets in UTF-8. They
// mean well in Hebrew or Arabic text, but a stranger could rearrange with them what the reader
// sees.
std::string without_marks(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string_view three = text.substr(i, 3);
        const bool direction = (three >= "\xe2\x80\x8e" && three <= "\xe2\x80\x8f") ||
                               (three >= "\xe2\x80\xa8" && three <= "\xe2\x80\xae") ||
                               (three >= "\xe2\x81\xa6" && three <= "\xe2\x81\xa9");
        if (three.size() == 3 && (direction || three == "\xef\xbb\xbf")) {
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

std::optional<int> hex_value(char c) {
    if (ascii::is_digit(c)) return c - '0';
    const char lower = ascii::lower(c);
    if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
    return std::nullopt;
}

// The octet written as two hex digits at `at`.
std::optional<char> hex_octet(std::string_view text, std::size_t at) {
    if (at + 2 > text.size()) return std::nullopt;
    const auto high = hex_value(text[at]);
    const auto low = hex_value(text[at + 1]);
    if (!high || !low) return std::nullopt;
    return static_cast<char>(static_cast<unsigned char>(*high * 16 + *low));
}

void append_hex(std::string& out, char c) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto octet = static_cast<unsigned char>(c);
    out += kDigits[octet >> 4];
    out += kDigits[octet & 0xfU];
}

std::optional<std::string> decode_q(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            out += text[i] == '_' ? ' ' : text[i];
            continue;
        }
        const auto octet = hex_octet(text, i + 1);
        if (!octet) return std::nullopt;
        out += *octet;
        i += 2;
    }
    return out;
}

struct Word {
    std::string text;        // UTF-8, or a piece of it when a character is split over two words
    std::size_t length = 0;  // of the encoded word
};

// The encoded word that `text` opens with (RFC 2047 §2), if any that we can read.
std::optional<Word> take_word(std::string_view text) {
    text = text.substr(0, kMaxWordRead);
    const std::size_t charset_end = text.find('?', 2);
    if (charset_end == std::string_view::npos || charset_end + 3 >= text.size() ||
        text[charset_end + 2] != '?') {
        return std::nullopt;
    }
    const std::size_t begin = charset_end + 3;
    const std::size_t end = text.find("?=", begin);
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view charset = text.substr(2, charset_end - 2);
    charset = charset.substr(0, charset.find('*'));  // a language may follow (RFC 2231 §5)
    const std::string_view encoded = text.substr(begin, end - begin);
    if (encoded.find_first_of(" \t\r\n") != std::string_view::npos) return std::nullopt;
    const char encoding = ascii::lower(text[charset_end + 1]);
    auto octets = encoding == 'b'   ? base64::decode(encoded)
                  : encoding == 'q' ? decode_q(encoded)
                                    : std::nullopt;
    if (!octets) return std::nullopt;
    if (ascii::equals_ignore_case(charset, "iso-8859-1")) {
        octets = utf8::from_latin1(*octets);
    } else if (ascii::equals_ignore_case(charset, "us-ascii")) {
        if (!ascii::is_ascii(*octets)) return std::nullopt;
    } else if (!ascii::equals_ignore_case(charset, "utf-8")) {
        octets = to_utf8(charset, *octets);
        if (!octets) return std::nullopt;
    }
    return Word{std::move(*octets), end + 2};
}

}  // namespace

bool has_unsafe_character(std::string_view text) {
    if (ascii::is_ascii(text)) return false;
    for (std::size_t i = 0; i < text.size(); i += sequence_length(text[i])) {
        const char32_t c = character_at(text, i);
        if ((c >= 0x80 && c <= 0x9f) || c == 0x2028 || c == 0x2029) return true;
    }
    return false;
}

std::string readable(std::string_view text, std::size_t max_characters) {
    const std::string_view begin = utf8::clip(text, 8 * max_characters + 64);
    const bool cut = begin.size() < text.size();
    std::string line = without_marks(begin);
    std::ranges::replace_if(line, [](char c) { return c == '\t' || c == '\r' || c == '\n'; }, ' ');
    line = utf8::printable(line, 4 * line.size());
    std::string out;
    std::size_t characters = 0;
    for (std::size_t i = 0; i < line.size(); i += sequence_length(line[i])) {
        if (line[i] == ' ' && (out.empty() || out.ends_with(' '))) continue;
        if (characters == max_characters) {
            while (out.ends_with(' ')) out.pop_back();
            return out + "...";
        }
        out.append(line, i, sequence_length(line[i]));
        ++characters;
    }
    while (out.ends_with(' ')) out.pop_back();
    return cut ? out + "..." : out;
}

std::string readable_ascii(std::string_view text, std::size_t max_octets) {
    const std::string line = readable(text, max_octets);
    std::string out;
    for (const char c : line) {
        if (out.size() >= max_octets) break;
        if (ascii::is_8bit(c)) {
            out += "\\x";
            append_hex(out, c);
        } else {
            out += c;
        }
    }
    return out;
}

std::string decode_words(std::string_view body) {
    std::string out;
    bool after_word = false;
    std::size_t kept = 0;  // size of `out` behind the last word: white space between two words goes
    for (std::size_t i = 0; i < body.size();) {
        if (body.substr(i).starts_with("=?")) {
            if (auto word = take_word(body.substr(i))) {
                if (after_word) out.resize(kept);
                out += word->text;
                i += word->length;
                kept = out.size();
                after_word = true;
                continue;
            }
        }
        after_word = after_word && ascii::trim(body.substr(i, 1)).empty();
        out += body[i++];
    }
    return utf8::is_valid(out) ? out : std::string(body);
}

std::size_t find_encoded_word(std::string_view text) {
    for (std::size_t at = text.find("=?"); at != std::string_view::npos;
         at = text.find("=?", at + 2)) {
        const std::size_t charset_end = text.find('?', at + 2);
        if (charset_end == std::string_view::npos) break;
        const std::string_view charset = text.substr(at + 2, charset_end - at - 2);
        const std::string_view rest = text.substr(charset_end + 1);
        if (charset.empty() || charset.find_first_of(" \t\r\n") != std::string_view::npos) continue;
        if (rest.size() < 2 || rest[1] != '?') continue;
        if (ascii::lower(rest[0]) == 'b' || ascii::lower(rest[0]) == 'q') return at;
    }
    return std::string_view::npos;
}

std::string encode_words(std::string_view text) {
    if (ascii::is_ascii(text) && text.find("=?") == std::string_view::npos)
        return std::string(text);
    constexpr std::string_view kOpen = "=?utf-8?Q?";
    std::string out(kOpen);
    std::size_t length = kOpen.size();
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t octets = std::min(sequence_length(text[i]), text.size() - i);
        std::string encoded;
        for (const char c : text.substr(i, octets)) {
            if (c == ' ') {
                encoded += '_';
            } else if (c > ' ' && c < 0x7f && c != '=' && c != '?' && c != '_') {
                encoded += c;
            } else {
                encoded += '=';
                append_hex(encoded, c);
            }
        }
        if (length + encoded.size() + 2 > kMaxWordWritten) {
            out.append("?=\r\n ").append(kOpen);
            length = kOpen.size();
        }
        out += encoded;
        length += encoded.size();
        i += octets;
    }
    return out += "?=";
}

std::string quoted_printable(std::string_view octets) {
    constexpr std::size_t kWidth = 76;
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const char c = octets[i];
        const std::string_view rest = octets.substr(i);
        if (rest.starts_with("\r\n")) {
            out += "\r\n";
            column = 0;
            ++i;
            continue;
        }
        const bool line_ends = rest.size() == 1 || rest.substr(1).starts_with("\r\n");
        const bool blank = c == ' ' || c == '\t';
        const bool literal = blank ? !line_ends : c > ' ' && c < 0x7f && c != '=';
        if (column + (literal ? 1 : 3) > (line_ends ? kWidth : kWidth - 1)) {
            out += "=\r\n";
            column = 0;
        }
        if (literal) {
            out += c;
            ++column;
        } else {
            out += '=';
            append_hex(out, c);
            column += 3;
        }
    }
    return out;
}

std::string wrap(std::string_view line, std::size_t width, std::string_view indent) {
    std::string out;
    while (count_characters(line) > width || line.size() > kHardBreak) {
        // The last space within the width, else the first behind it; always one that a word
        // follows, so that no line is blank.
        std::size_t at = 0;
        std::size_t characters = 0;
        std::size_t limit = 0;
        for (std::size_t i = 0; i + 1 < line.size() && i < kHardBreak;
             i += sequence_length(line[i])) {
            limit = i;
            const bool breaks = i > 0 && line[i] == ' ' && line[i + 1] != ' ';
            if (breaks && (characters <= width || at == 0)) at = i;
            if (++characters > width && at != 0) break;
        }
        const bool hard = at == 0;
        if (hard) {
            if (line.size() <= kHardBreak) break;
            at = limit;
        }
        out.append(line.substr(0, at)).append("\r\n").append(indent);
        line.remove_prefix(hard ? at : at + 1);
    }
    return out.append(line);
}

std::string decode_xtext(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '+') {
            out += text[i];
            continue;
        }
        const auto octet = hex_octet(text, i + 1);
        if (!octet) return std::string(text);
        out += *octet;
        i += 2;
    }
    return out;
}

std::string unescape_unicode(std::string_view text) {
    constexpr std::size_t kMaxDigits = 6;
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::size_t begin = i + 3;
        const std::size_t end =
            text.substr(i).starts_with("\\x{") ? text.substr(begin, kMaxDigits + 1).find('}') : 0;
        std::optional<char32_t> code;
        if (end != 0 && end != std::string_view::npos) code = 0;
        for (std::size_t k = 0; code && k < end; ++k) {
            const auto digit = hex_value(text[begin + k]);
            code = digit ? std::optional(*code * 16 + static_cast<char32_t>(*digit)) : std::nullopt;
        }
        if (!code || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff)) {
            out += text[i];
            continue;
        }
        append_character(out, *code);
        i = begin + end;
    }
    return out;
}

std::string escape_unicode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += sequence_length(text[i])) {
        const char32_t c = character_at(text, i);
        if (c > ' ' && c < 0x7f && c != '+' && c != '=' && c != '\\') {
            out += text[i];
        } else {
            out += fmt::format("\\x{{{:02X}}}", static_cast<std::uint32_t>(c));
        }
    }
    return out;
}

bool is_clean_content(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find("\r\n");
        if (end == std::string_view::npos || end > kMaxLine) return false;
        constexpr std::string_view kForbidden("\r\n\0", 3);
        if (text.substr(0, end).find_first_of(kForbidden) != std::string_view::npos) return false;
        text.remove_prefix(end + 2);
    }
    return true;
}

}  // namespace posthaste::mail
