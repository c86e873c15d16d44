#include "base/base64.h"

#include <array>
#include <cstdint>

namespace posthaste::base64 {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xff;

constexpr std::array<std::uint8_t, 256> kValues = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNone);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

std::uint32_t octet(std::string_view octets, std::size_t at) {
    return static_cast<std::uint8_t>(octets[at]);
}

std::uint32_t value(std::string_view text, std::size_t at) {
    return kValues[octet(text, at)];
}

char letter(std::uint32_t group, unsigned shift) {
    return kAlphabet[(group >> shift) & 63U];
}

// The last group carries one or two octets; the bits that belong to no octet must be zero
// (RFC 4648 §3.5), or one secret would have several spellings.
bool decode_padded_group(std::string_view group, std::string& out) {
    const std::uint32_t a = value(group, 0);
    const std::uint32_t b = value(group, 1);
    if (a == kNone || b == kNone) return false;
    out += static_cast<char>(a << 2 | b >> 4);
    if (group[2] == '=') return (b & 15U) == 0;
    const std::uint32_t c = value(group, 2);
    if (c == kNone || (c & 3U) != 0) return false;
    out += static_cast<char>((b & 15U) << 4 | c >> 2);
    return true;
}

}  // namespace

std::string encode(std::string_view octets) {
    std::string out;
    out.reserve((octets.size() + 2) / 3 * 4);
    std::size_t at = 0;
    for (; at + 3 <= octets.size(); at += 3) {
        const std::uint32_t group =
            octet(octets, at) << 16 | octet(octets, at + 1) << 8 | octet(octets, at + 2);
        for (const unsigned shift : {18U, 12U, 6U, 0U}) out += letter(group, shift);
    }
    if (const std::size_t left = octets.size() - at; left > 0) {
        const std::uint32_t group =
            octet(octets, at) << 16 | (left == 2 ? octet(octets, at + 1) << 8 : 0U);
        out += letter(group, 18);
        out += letter(group, 12);
        out += left == 2 ? letter(group, 6) : '=';
        out += '=';
    }
    return out;
}

std::string encode_url(std::string_view octets) {
    auto text = encode(octets);
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

std::optional<std::string> decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 4 * 3);
    const bool padded = text.ends_with('=');
    const std::size_t whole = padded ? text.size() - 4 : text.size();
    for (std::size_t at = 0; at < whole; at += 4) {
        const std::uint32_t a = value(text, at);
        const std::uint32_t b = value(text, at + 1);
        const std::uint32_t c = value(text, at + 2);
        const std::uint32_t d = value(text, at + 3);
        if (((a | b | c | d) & 0x80U) != 0)
            return std::nullopt;  // kNone has the high bit, values have not
        out += static_cast<char>(a << 2 | b >> 4);
        out += static_cast<char>((b & 15U) << 4 | c >> 2);
        out += static_cast<char>((c & 3U) << 6 | d);
    }
    if (padded && !decode_padded_group(text.substr(whole), out)) return std::nullopt;
    return out;
}

}  // namespace posthaste::base64
