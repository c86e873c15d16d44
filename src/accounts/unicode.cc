#include "accounts/unicode.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include <uninorm.h>

namespace posthaste::accounts {
namespace {

// What 0x80 to 0x9f mean; 0 where the octet is unused.
constexpr std::array<std::uint16_t, 32> kWindows1252 = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        out += static_cast<char>(0xe0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    }
}

std::string normalise(uninorm_t form, std::string_view text) {
    if (ascii::is_ascii(text)) return std::string(text);
    std::size_t length = 0;
    std::uint8_t* raw = u8_normalize(form, reinterpret_cast<const std::uint8_t*>(text.data()),
                                     text.size(), nullptr, &length);
    if (raw == nullptr) throw std::bad_alloc();
    // May be a password: its copy on the heap does not stay behind.
    const auto wipe_and_free = [length](std::uint8_t* p) {
        explicit_bzero(p, length);
        std::free(p);
    };
    const std::unique_ptr<std::uint8_t, decltype(wipe_and_free)> owned(raw, wipe_and_free);
    return std::string(reinterpret_cast<const char*>(raw), length);
}

}  // namespace

std::string from_windows_1252(std::string_view octets) {
    std::string out;
    out.reserve(octets.size() * 3);  // no copy of a password left behind by growing
    for (const char c : octets) {
        std::uint32_t code = static_cast<unsigned char>(c);
        if (code >= 0x80 && code < 0xa0 && kWindows1252[code - 0x80] != 0) {
            code = kWindows1252[code - 0x80];
        }
        append_utf8(out, code);
    }
    return out;
}

std::string to_utf8(std::string_view octets) {
    return utf8::is_valid(octets) ? std::string(octets) : from_windows_1252(octets);
}

std::string to_nfc(std::string_view text) {
    return normalise(UNINORM_NFC, text);
}

std::string to_nfkc(std::string_view text) {
    return normalise(UNINORM_NFKC, text);
}

}  // namespace posthaste::accounts
