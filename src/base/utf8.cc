#include "base/utf8.h"

#include "base/ascii.h"

#include <cstdint>

namespace posthaste::utf8 {

namespace {

std::uint8_t octet(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

bool is_continuation(std::uint8_t c) {
    return (c & 0xc0U) == 0x80U;
}

// Octets of the character that begins at `at`, 0 when there is no valid one. RFC 3629 §4: the
// bounds of the second octet shut out overlong forms, surrogates and what is above U+10FFFF.
std::size_t character_size(std::string_view text, std::size_t at) {
    const std::uint8_t first = octet(text, at);
    if (first < 0x80) return 1;
    std::size_t size = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
        size = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        size = 3;
        if (first == 0xe0) low = 0xa0;
        if (first == 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
        size = 4;
        if (first == 0xf0) low = 0x90;
        if (first == 0xf4) high = 0x8f;
    } else {
        return 0;
    }
    if (text.size() - at < size) return 0;
    if (octet(text, at + 1) < low || octet(text, at + 1) > high) return 0;
    for (std::size_t i = 2; i < size; ++i)
        if (!is_continuation(octet(text, at + i))) return 0;
    return size;
}

std::uint32_t code_point(std::string_view character) {
    const std::uint8_t first = octet(character, 0);
    switch (character.size()) {
        case 1:
            return first;
        case 2:
            return (first & 0x1fU) << 6 | (octet(character, 1) & 0x3fU);
        case 3:
            return (first & 0x0fU) << 12 | (octet(character, 1) & 0x3fU) << 6 |
                   (octet(character, 2) & 0x3fU);
        default:
            return (first & 0x07U) << 18 | (octet(character, 1) & 0x3fU) << 12 |
                   (octet(character, 2) & 0x3fU) << 6 | (octet(character, 3) & 0x3fU);
    }
}

// Control characters of C0 and C1, line and paragraph separators, and what turns the direction of
// writing: each can forge what a person sees in a terminal or on a page.
bool is_deceptive(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void put_escaped(std::string& out, std::string_view octets) {
    constexpr std::string_view kHex = "0123456789abcdef";
    for (const char c : octets) {
        const auto value = static_cast<std::uint8_t>(c);
        out += "\\x";
        out += kHex[value >> 4];
        out += kHex[value & 15U];
    }
}

}  // namespace

bool is_valid(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = character_size(text, at);
        if (size == 0) return false;
        at += size;
    }
    return true;
}

std::string from_latin1(std::string_view octets) {
    std::string out;
    out.reserve(octets.size() + octets.size() / 4);
    for (const char c : octets) {
        const auto value = static_cast<std::uint8_t>(c);
        if (value < 0x80) {
            out += c;
        } else {
            out += static_cast<char>(0xc0U | value >> 6);
            out += static_cast<char>(0x80U | (value & 0x3fU));
        }
    }
    return out;
}

std::string_view clip(std::string_view text, std::size_t max_octets) {
    if (text.size() <= max_octets) return text;
    // A character has at most three continuation octets: with more the text is not UTF-8 and is cut
    // anywhere.
    std::size_t end = max_octets;
    for (int back = 0; back < 3 && end > 0 && is_continuation(octet(text, end)); ++back) --end;
    if (is_continuation(octet(text, end))) end = max_octets;
    return text.substr(0, end);
}

std::string printable(std::string_view text, std::size_t max_octets) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = character_size(text, at);
        const std::string_view piece = text.substr(at, size == 0 ? 1 : size);
        const std::size_t before = out.size();
        if (size == 0 || is_deceptive(code_point(piece))) {
            put_escaped(out, piece);
        } else {
            out += piece;
        }
        if (out.size() > max_octets) {
            out.resize(before);
            break;
        }
        at += piece.size();
    }
    return out;
}

}  // namespace posthaste::utf8
