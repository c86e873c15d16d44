// CRC-32C (Castagnoli), by SSE4.2 where the processor has it.
#pragma once

#include <cstdint>
#include <string_view>

namespace posthaste {

// Continue with the value of the piece before; the first piece starts with 0.
std::uint32_t crc32c(std::string_view octets, std::uint32_t so_far = 0);

namespace detail {
// Without the processor's help and without the inversions at both ends; for the tests.
std::uint32_t crc32c_by_table(std::string_view octets, std::uint32_t crc);
}  // namespace detail

}  // namespace posthaste
