#include "formats/url.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <cstdint>

namespace posthaste::formats {

namespace {

bool is_unreserved(char c) {
    return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool may_stand_raw(char c) {
    constexpr std::string_view kNever = " \"<>\\^`{|}#";
    return !ascii::is_control(c) && !ascii::is_8bit(c) && kNever.find(c) == std::string_view::npos;
}

int hex_value(char c) {
    if (ascii::is_digit(c)) return c - '0';
    const char letter = ascii::lower(c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '%') {
            if (text.size() - at < 3) return std::nullopt;
            const int high = hex_value(text[at + 1]);
            const int low = hex_value(text[at + 2]);
            if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            at += 2;
        } else if (c == '+' && plus_is_space) {
            out += ' ';
        } else if (may_stand_raw(c)) {
            out += c;
        } else {
            return std::nullopt;
        }
    }
    if (!utf8::is_valid(out)) return std::nullopt;
    return out;
}

}  // namespace

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
        } else {
            const auto value = static_cast<std::uint8_t>(c);
            out += '%';
            out += kHex[value >> 4];
            out += kHex[value & 15U];
        }
    }
    return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
    return decode(text, false);
}

Result<QueryPairs> parse_query(std::string_view text, QueryLimits limits) {
    if (text.size() > limits.max_octets)
        return fail(ErrorKind::too_large,
                    "the form has more than " + std::to_string(limits.max_octets) + " octets",
                    "send less at once");
    QueryPairs pairs;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) continue;
        if (pairs.size() == limits.max_pairs)
            return fail(ErrorKind::too_large,
                        "the form has more than " + std::to_string(limits.max_pairs) + " fields",
                        "send less at once");
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = decode(pair.substr(0, equals), true);
        auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
        if (!name || !value)
            return fail(ErrorKind::syntax, "a form field is not escaped as it must be",
                        "write octets other than letters and digits as %HH, text as UTF-8");
        pairs.emplace_back(std::move(*name), std::move(*value));
    }
    return pairs;
}

std::optional<std::string_view> find_pair(const QueryPairs& pairs, std::string_view name) {
    for (const auto& [key, value] : pairs)
        if (key == name) return value;
    return std::nullopt;
}

}  // namespace posthaste::formats
