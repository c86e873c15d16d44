// Rates: "10/min", "10/min,max_burst=1" (delivery.md 3.5). RateLimit is what was written, Gcra the
// state of one: the generic cell rate algorithm, which spaces what it lets through evenly and needs
// one moment of memory. Pure.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace posthaste::queue {

struct RateLimit {
    std::uint64_t count = 0;  // 0: no limit
    Seconds period{1};
    std::uint64_t burst = 0;  // how many at once after a rest; 0: `count`

    // "100/s", "10/min", "5000/h", "200/day", "3/90s", each with ",max_burst=1" if wanted. Errors:
    // syntax.
    static Result<RateLimit> parse(std::string_view text);
    std::string to_string() const;  // as it is written

    bool operator==(const RateLimit&) const = default;
};

class Gcra {
  public:
    // How many of `wanted` may start now.
    std::uint64_t available(const RateLimit& limit, SteadyTime now, std::uint64_t wanted) const;
    // The first moment at which one may.
    SteadyTime next(const RateLimit& limit, SteadyTime now) const;
    // They have started; at most `available`.
    void take(const RateLimit& limit, SteadyTime now, std::uint64_t count);

    // Nothing is remembered any more: as good as a new one.
    bool at_rest(SteadyTime now) const { return arrival_ <= now; }

  private:
    SteadyTime arrival_{};  // "theoretical arrival time" of the next one
};

}  // namespace posthaste::queue
