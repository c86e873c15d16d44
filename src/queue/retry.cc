#include "queue/retry.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

constexpr Seconds kLastChance{
    60};  // before the end: one attempt is made then, whatever the steps say
constexpr Seconds kShortest{1};

}  // namespace

Seconds RetrySchedule::step(std::uint32_t attempts) const {
    if (steps.empty()) return Seconds(300);
    const std::size_t position = attempts == 0 ? 0 : attempts - 1;
    return std::max(steps[std::min(position, steps.size() - 1)], kShortest);
}

std::optional<store::QueueTime> RetrySchedule::next(std::uint32_t attempts, store::QueueTime now,
                                                    store::QueueTime expires,
                                                    std::optional<Seconds> asked,
                                                    double jitter) const {
    const store::QueueTime last = expires - kLastChance;
    if (now >= last) return std::nullopt;
    const Seconds wait = asked ? std::max(*asked, kShortest) : step(attempts);
    // Upward only, so that a server that lets us wait five minutes is not undershot.
    const double stretched = static_cast<double>(Milliseconds(wait).count()) * (1 + 0.15 * jitter);
    return std::min(now + Milliseconds(static_cast<std::int64_t>(stretched)), last);
}

}  // namespace posthaste::queue
