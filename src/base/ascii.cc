#include "base/ascii.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace posthaste::ascii {

bool equals_ignore_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

bool starts_with_ignore_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           equals_ignore_case(text.substr(0, prefix.size()), prefix);
}

std::string to_lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

std::string to_upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), upper);
    return result;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return text.substr(text.size());
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_ascii(std::string_view text) {
    // Eight octets at a time: whole messages pass through here. A loop that stops at the first
    // octet is one that the compiler does not widen.
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    std::uint64_t seen = 0;
    while (text.size() >= kWord) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), kWord);
        seen |= word;
        text.remove_prefix(kWord);
    }
    return (seen & 0x8080'8080'8080'8080) == 0 && std::ranges::none_of(text, is_8bit);
}

}  // namespace posthaste::ascii
