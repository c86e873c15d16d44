// LoginFailures: how one connection is slowed down while it guesses. Pure.
#pragma once

#include "base/time.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace posthaste::submission {

// The same login and password again is no new guess: Thunderbird tries LOGIN at once when PLAIN has
// failed, and an old password that is saved somewhere is sent for ever (clients.md 3.3, 6.1 no. 7).
// It only waits longer each time.
class LoginFailures {
  public:
    static constexpr std::size_t kMaxGuesses = 5;
    static constexpr std::size_t kMaxAttempts = 20;
    static constexpr Milliseconds kFirstDelay{500};
    static constexpr Milliseconds kLongestDelay{8000};

    static constexpr Seconds kOtherMechanism{5};

    // `fingerprint`: of login and password, worthless outside of this connection; `mechanism`: any
    // number. How long to wait before the reply.
    Milliseconds add(std::uint32_t fingerprint, int mechanism = 0,
                     SteadyTime now = std::chrono::steady_clock::now()) {
        const bool other_way = fingerprint == last_ && mechanism != last_mechanism_ &&
                               !guesses_.empty() && now - last_at_ <= kOtherMechanism;
        last_ = fingerprint;
        last_mechanism_ = mechanism;
        last_at_ = now;
        if (other_way) return kFirstDelay;  // LOGIN behind PLAIN is the same attempt
        if (std::ranges::find(guesses_, fingerprint) == guesses_.end())
            guesses_.push_back(fingerprint);
        const Milliseconds delay =
            std::min(kLongestDelay, kFirstDelay * (1 << std::min<std::size_t>(attempts_, 4)));
        ++attempts_;
        return delay;
    }

    bool too_many() const { return guesses_.size() >= kMaxGuesses || attempts_ >= kMaxAttempts; }

  private:
    std::vector<std::uint32_t> guesses_;
    std::size_t attempts_ = 0;
    std::uint32_t last_ = 0;
    int last_mechanism_ = 0;
    SteadyTime last_at_;
};

}  // namespace posthaste::submission
