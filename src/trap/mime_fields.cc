#include "trap/mime_fields.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace posthaste::trap {

namespace {

int hex_value(char c) {
    if (ascii::is_digit(c)) return c - '0';
    const char letter = ascii::lower(c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// The octet written as two hex digits at `at`.
std::optional<char> hex_octet(std::string_view text, std::size_t at) {
    if (at + 2 > text.size()) return std::nullopt;
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    return static_cast<char>(high * 16 + low);
}

std::string undo_percent(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto octet = text[i] == '%' ? hex_octet(text, i + 1) : std::nullopt;
        out += octet ? *octet : text[i];
        if (octet) i += 2;
    }
    return out;
}

// One parameter's value at `at`, quoted or not; `at` moves behind it.
std::string take_value(std::string_view text, std::size_t& at) {
    std::string out;
    if (at < text.size() && text[at] == '"') {
        for (++at; at < text.size() && text[at] != '"'; ++at) {
            if (text[at] == '\\' && at + 1 < text.size()) ++at;
            out += text[at];
        }
        at = std::min(text.find(';', at), text.size());
        return out;
    }
    const std::size_t end = std::min(text.find(';', at), text.size());
    out = ascii::trim(text.substr(at, end - at));
    at = end;
    return out;
}

// charset'language'text (RFC 2231 §4)
std::string undo_extended(std::string_view text) {
    const std::size_t first = text.find('\'');
    const std::size_t second = first == std::string_view::npos ? first : text.find('\'', first + 1);
    if (second == std::string_view::npos) return undo_percent(text);
    bool known = true;
    return to_utf8(undo_percent(text.substr(second + 1)), ascii::to_lower(text.substr(0, first)),
                   known);
}

// Windows-1252 from 0x80 to 0x9f; 0 where it has nothing.
constexpr std::array<std::uint16_t, 32> kWindows1252{
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

void put_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0U | c >> 6);
        out += static_cast<char>(0x80U | (c & 0x3fU));
    } else {
        out += static_cast<char>(0xe0U | c >> 12);
        out += static_cast<char>(0x80U | (c >> 6 & 0x3fU));
        out += static_cast<char>(0x80U | (c & 0x3fU));
    }
}

std::string from_windows_1252(std::string_view octets) {
    std::string out;
    out.reserve(octets.size() + octets.size() / 8);
    for (const char c : octets) {
        const auto value = static_cast<std::uint8_t>(c);
        const std::uint32_t mapped =
            value >= 0x80 && value < 0xa0 ? kWindows1252[value - 0x80U] : value;
        put_utf8(out, mapped == 0 && value != 0 ? 0xfffdU : mapped);
    }
    return out;
}

std::string escape_8bit(std::string_view octets) {
    std::string out;
    for (const char c : octets) {
        if (ascii::is_8bit(c)) {
            out += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(c));
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

std::string MimeField::parameter(std::string_view name) const {
    const auto find = [&](const std::string& wanted) -> const std::string* {
        for (const auto& [key, text] : parameters)
            if (key == wanted) return &text;
        return nullptr;
    };
    const std::string base(name);
    if (const auto* whole = find(base + '*')) return undo_extended(*whole);
    if (const auto* plain = find(base)) return *plain;
    std::string joined;
    bool extended = false;
    for (std::size_t i = 0; i < kMaxParameters; ++i) {
        const auto key = fmt::format("{}*{}", base, i);
        const auto* escaped = find(key + '*');
        const auto* piece = escaped != nullptr ? escaped : find(key);
        if (piece == nullptr) break;
        extended = extended || escaped != nullptr;
        joined += *piece;
    }
    return extended ? undo_extended(joined) : joined;
}

MimeField parse_mime_field(std::string_view body) {
    MimeField field;
    std::size_t at = std::min(body.find(';'), body.size());
    field.value = ascii::to_lower(ascii::trim(body.substr(0, at)));
    while (at < body.size() && field.parameters.size() < MimeField::kMaxParameters) {
        ++at;  // ';'
        const std::size_t end = std::min(body.find_first_of(";=", at), body.size());
        auto name = ascii::to_lower(ascii::trim(body.substr(at, end - at)));
        at = end;
        if (at == body.size() || body[at] == ';') continue;
        ++at;  // '='
        while (at < body.size() && ascii::trim(body.substr(at, 1)).empty()) ++at;
        field.parameters.emplace_back(std::move(name), take_value(body, at));
    }
    return field;
}

MimeEncoding parse_encoding(std::string_view body) {
    const auto word = ascii::trim(body.substr(0, body.find(';')));
    if (ascii::equals_ignore_case(word, "base64")) return MimeEncoding::base64;
    if (ascii::equals_ignore_case(word, "quoted-printable")) return MimeEncoding::quoted_printable;
    return MimeEncoding::identity;
}

std::string decode_base64(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        std::uint32_t value = 0;
        if (c >= 'A' && c <= 'Z') {
            value = static_cast<std::uint32_t>(c - 'A');
        } else if (c >= 'a' && c <= 'z') {
            value = static_cast<std::uint32_t>(c - 'a' + 26);
        } else if (ascii::is_digit(c)) {
            value = static_cast<std::uint32_t>(c - '0' + 52);
        } else if (c == '+' || c == '/') {
            value = c == '+' ? 62 : 63;
        } else if (c == '=') {
            count = 0;  // what follows begins anew: some senders join encoded pieces
            continue;
        } else {
            continue;
        }
        bits = (bits << 6 | value) & 0xffffU;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xffU);
    }
    return out;
}

std::string decode_quoted_printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        // White space at a line's end was added on the way (RFC 2045 §6.7 rule 3).
        line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
        const bool soft = line.ends_with('=');
        if (soft) line.remove_suffix(1);
        for (std::size_t i = 0; i < line.size(); ++i) {
            const auto octet = line[i] == '=' ? hex_octet(line, i + 1) : std::nullopt;
            out += octet ? *octet : line[i];
            if (octet) i += 2;
        }
        if (!soft && end != std::string_view::npos) out += "\r\n";
    }
    return out;
}

std::string decode(MimeEncoding encoding, std::string_view octets) {
    switch (encoding) {
        case MimeEncoding::base64:
            return decode_base64(octets);
        case MimeEncoding::quoted_printable:
            return decode_quoted_printable(octets);
        case MimeEncoding::identity:
            break;
    }
    return std::string(octets);
}

std::string to_utf8(std::string_view octets, std::string_view charset, bool& known) {
    static constexpr std::array kLatin{"iso-8859-1", "latin1", "windows-1252", "cp1252"};
    if (ascii::is_ascii(octets) && charset != "utf-16" && charset != "utf-7")
        return std::string(octets);
    if (std::ranges::find(kLatin, charset) != kLatin.end()) return from_windows_1252(octets);
    const bool unicode =
        charset.empty() || charset == "utf-8" || charset == "utf8" || charset == "us-ascii";
    if (unicode && utf8::is_valid(octets)) return std::string(octets);
    if (unicode) return from_windows_1252(octets);
    known = false;
    return escape_8bit(octets);
}

}  // namespace posthaste::trap
