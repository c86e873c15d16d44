// Decimal numbers of the protocol: digits only, no sign, no white space.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace posthaste::smtp {

struct Decimal {
    std::uint64_t value = 0;  // the largest number when `overflow`
    bool valid = false;       // 1 to 20 digits (RFC 1870 §3)
    bool overflow = false;    // well-formed, but beyond 64 bits
};

inline Decimal parse_decimal(std::string_view text) {
    if (text.empty() || text.size() > 20) return {};
    std::uint64_t value = 0;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (stop != end) return {};
    if (error == std::errc::result_out_of_range) return {UINT64_MAX, true, true};
    return {value, error == std::errc{}, false};
}

}  // namespace posthaste::smtp
