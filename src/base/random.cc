#include "base/random.h"

#include "base/assert.h"
#include "base/secret.h"

#include <array>
#include <bit>
#include <cerrno>
#include <string_view>
#include <sys/random.h>
#include <vector>

namespace posthaste {

namespace {

// xoshiro256** of Blackman and Vigna: fast and even, not for secrets.
class FastRandom {
  public:
    FastRandom() {
        fill_random({reinterpret_cast<std::uint8_t*>(state_.data()), sizeof state_});
        state_[0] |= 1U;  // all zeros would stay zeros
    }

    std::uint64_t next() {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

  private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace

void fill_random(std::span<std::uint8_t> octets) {
    while (!octets.empty()) {
        const ssize_t got = getrandom(octets.data(), octets.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        PH_ASSERT(got > 0);
        octets = octets.subspan(static_cast<std::size_t>(got));
    }
}

std::uint64_t random_below(std::uint64_t bound) {
    PH_ASSERT(bound > 0);
    thread_local FastRandom random;
    // The lowest 2^64 mod bound products would come up once too often (Lemire).
    const std::uint64_t uneven = (0 - bound) % bound;
    for (;;) {
        const auto product = static_cast<unsigned __int128>(random.next()) * bound;
        if (static_cast<std::uint64_t>(product) >= uneven)
            return static_cast<std::uint64_t>(product >> 64);
    }
}

std::string random_token(std::size_t octets) {
    constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    std::string raw(octets, '\0');
    fill_random({reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()});
    std::string token;
    token.reserve((octets * 8 + 4) / 5);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : raw) {
        bits = (bits << 8 | static_cast<std::uint8_t>(c)) & 0xfffU;
        held += 8;
        for (; held >= 5; held -= 5) token += kAlphabet[bits >> (held - 5) & 31U];
    }
    if (held > 0) token += kAlphabet[bits << (5 - held) & 31U];
    const Secret cleansed(std::move(raw));
    return token;
}

}  // namespace posthaste
