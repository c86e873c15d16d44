#include "base/checksum.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace posthaste {

namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Slicing by eight: kTables[k][b] is the effect of octet b followed by k zero octets.
constexpr Tables kTables = [] {
    constexpr std::uint32_t kPolynomial = 0x82f63b78;  // Castagnoli, bits reversed
    Tables tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
        tables[0][i] = crc;
    }
    for (std::size_t k = 1; k < tables.size(); ++k)
        for (std::size_t i = 0; i < 256; ++i)
            tables[k][i] = tables[k - 1][i] >> 8 ^ tables[0][tables[k - 1][i] & 0xffU];
    return tables;
}();

std::uint64_t load8(const char* from) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    return word;
}

}  // namespace

namespace detail {

std::uint32_t crc32c_by_table(std::string_view octets, std::uint32_t crc) {
    const char* at = octets.data();
    std::size_t left = octets.size();
    if constexpr (std::endian::native == std::endian::little) {
        for (; left >= 8; at += 8, left -= 8) {
            const std::uint64_t word = load8(at) ^ crc;
            crc = 0;
            for (std::size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][word >> (8 * i) & 0xffU];
        }
    }
    for (; left > 0; ++at, --left)
        crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<std::uint8_t>(*at)) & 0xffU];
    return crc;
}

}  // namespace detail

namespace {

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_sse42(std::string_view octets,
                                                                std::uint32_t crc) {
    const char* at = octets.data();
    std::size_t left = octets.size();
    std::uint64_t wide = crc;
    for (; left >= 8; at += 8, left -= 8) wide = _mm_crc32_u64(wide, load8(at));
    crc = static_cast<std::uint32_t>(wide);
    for (; left > 0; ++at, --left) crc = _mm_crc32_u8(crc, static_cast<std::uint8_t>(*at));
    return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view octets, std::uint32_t so_far) {
#if defined(__x86_64__)
    static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
    if (has_sse42) return ~crc32c_by_sse42(octets, ~so_far);
#endif
    return ~detail::crc32c_by_table(octets, ~so_far);
}

}  // namespace posthaste
