// Random octets and numbers from the kernel (getrandom), for ids, tokens, jitter and shuffles.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace posthaste {

void fill_random(std::span<std::uint8_t> octets);  // aborts when the kernel has none
std::uint64_t random_below(std::uint64_t bound);   // uniform in [0, bound); fast, not for secrets
std::string random_token(std::size_t octets);      // lower-case Crockford base 32, for secrets

}  // namespace posthaste
