// Pace: how slowly content may come. Pure; the session asks it before each wait and tells it what
// came.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>

namespace posthaste::submission {

// Two rules (DESIGN.md, data_timeout): some octet within `silence`; and in a minute in which
// anything came, at least 1 KB a second of it, so that a client cannot hold a session with an octet
// now and then (threats.md D1). A minute is judged when the next octets come, so that the end of a
// short message is never too slow.
class Pace {
  public:
    static constexpr Seconds kWindow{60};
    static constexpr std::uint64_t kLeastOctets = std::uint64_t{60} * 1024;

    Pace(Seconds silence, SteadyTime now) : silence_(silence), last_(now), window_(now) {}

    // False: too slow.
    bool arrived(std::size_t octets, SteadyTime now) {
        bool fast_enough = true;
        if (now - window_ >= kWindow) {
            fast_enough = in_window_ == 0 || in_window_ >= kLeastOctets;
            window_ = now;
            in_window_ = 0;
        }
        in_window_ += octets;
        last_ = now;
        return fast_enough;
    }

    Deadline deadline() const { return {last_ + silence_}; }

  private:
    Seconds silence_;
    SteadyTime last_;
    SteadyTime window_;
    std::uint64_t in_window_ = 0;
};

}  // namespace posthaste::submission
