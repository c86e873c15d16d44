#include "queue/retry.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

// Before the end: one attempt is made then, whatever the steps say. A life of a minute must leave
// room for more attempts than the first.
constexpr Milliseconds kLastChance = Seconds(60);
constexpr int kPartOfShortLife = 10;
constexpr Seconds kShortest{1};

}  // namespace

Seconds RetrySchedule::step(std::uint32_t attempts) const {
    if (steps.empty()) return Seconds(300);
    const std::size_t position = attempts == 0 ? 0 : attempts - 1;
    return std::max(steps[std::min(position, steps.size() - 1)], kShortest);
}

std::optional<store::QueueTime> RetrySchedule::next(std::uint32_t attempts, store::QueueTime now,
                                                    Lifetime life, std::optional<Seconds> asked,
                                                    double jitter) const {
    const Milliseconds tenth = (life.expires - life.accepted) / kPartOfShortLife;
    const store::QueueTime last = life.expires - std::clamp(tenth, Milliseconds(0), kLastChance);
    if (now >= last) return std::nullopt;
    const Seconds wait = asked ? std::max(*asked, kShortest) : step(attempts);
    // Upward only, so that a server that lets us wait five minutes is not undershot.
    const double stretched = static_cast<double>(Milliseconds(wait).count()) * (1 + 0.15 * jitter);
    return std::min(now + Milliseconds(static_cast<std::int64_t>(stretched)), last);
}

}  // namespace posthaste::queue
