#include "mail/saslprep.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include <uninorm.h>

namespace posthaste::mail {

namespace {

struct Range {
    char32_t from, to;
};

// RFC 3454 C.1.2
constexpr auto kSpaces = std::to_array<Range>({{0x00a0, 0x00a0},
                                               {0x1680, 0x1680},
                                               {0x2000, 0x200a},
                                               {0x202f, 0x202f},
                                               {0x205f, 0x205f},
                                               {0x3000, 0x3000}});
// RFC 3454 B.1; the zero-width space stands in C.1.2 too, and browsers drop it.
constexpr auto kNothing = std::to_array<Range>({{0x00ad, 0x00ad},
                                                {0x034f, 0x034f},
                                                {0x1806, 0x1806},
                                                {0x180b, 0x180d},
                                                {0x200b, 0x200d},
                                                {0x2060, 0x2060},
                                                {0xfe00, 0xfe0f},
                                                {0xfeff, 0xfeff}});

template <std::size_t N>
bool is_in(char32_t code, const std::array<Range, N>& ranges) {
    return std::ranges::any_of(
        ranges, [code](const Range& range) { return code >= range.from && code <= range.to; });
}

// `text` is valid UTF-8; `at` moves behind the character.
char32_t next_code(std::string_view text, std::size_t& at) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = octet(at);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    char32_t code = length == 1 ? first : first & (0xffu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (octet(at + i) & 0x3fu);
    at += length;
    return code;
}

std::string normalise(std::string_view text) {
    std::size_t length = 0;
    std::uint8_t* raw =
        u8_normalize(UNINORM_NFKC, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                     nullptr, &length);
    if (raw == nullptr) throw std::bad_alloc();
    const auto wipe_and_free = [length](std::uint8_t* p) {
        explicit_bzero(p, length);
        std::free(p);
    };
    const std::unique_ptr<std::uint8_t, decltype(wipe_and_free)> owned(raw, wipe_and_free);
    return {reinterpret_cast<const char*>(raw), length};
}

}  // namespace

std::string saslprep(std::string_view text) {
    if (ascii::is_ascii(text) || !utf8::is_valid(text)) return std::string(text);
    std::string mapped;
    mapped.reserve(text.size());  // nothing grows: no copy of a password is left behind
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        const char32_t code = next_code(text, at);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return std::string(text);
        if (is_in(code, kNothing)) continue;
        if (is_in(code, kSpaces))
            mapped += ' ';
        else
            mapped += text.substr(begin, at - begin);
    }
    return normalise(mapped);
}

}  // namespace posthaste::mail
