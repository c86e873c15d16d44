#include "store/queue_time.h"

#include <algorithm>

namespace posthaste::store {

namespace {

// Steady time counts nanoseconds in 64 bits: whatever is further off than this is as good as never,
// and the sum must not run over.
constexpr Milliseconds kFarthest = std::chrono::years(100);

Milliseconds clamp_distance(Milliseconds distance) {
    return std::clamp(distance, -kFarthest, kFarthest);
}

// A mark read from disk may hold any number.
QueueTime clamp_stored(QueueTime stored) {
    constexpr Milliseconds kLast = std::chrono::years(100'000);
    return QueueTime(std::clamp(stored.time_since_epoch(), Milliseconds(0), kLast));
}

}  // namespace

QueueClock::QueueClock(std::optional<ClockMark> mark, Timestamp wall_now)
    : base_steady_(std::chrono::steady_clock::now()) {
    if (!mark) return;
    base_ = clamp_stored(mark->queue_time);
    // Compared before subtracting, which could overflow on an absurd mark.
    const bool backwards = wall_now < mark->wall;
    const bool too_far = !backwards && wall_now - kLongestDowntime > mark->wall;
    jumped_ = backwards || too_far;
    if (!jumped_) base_ += wall_now - mark->wall;
}

QueueTime QueueClock::now_queue() const {
    return base_ +
           std::chrono::floor<Milliseconds>(std::chrono::steady_clock::now() - base_steady_);
}

SteadyTime QueueClock::to_steady(QueueTime t) const {
    const auto at = t.time_since_epoch().count();
    const auto base = base_.time_since_epoch().count();
    std::int64_t distance = 0;
    if (__builtin_sub_overflow(at, base, &distance))
        return base_steady_ + (at < base ? -kFarthest : kFarthest);
    return base_steady_ + clamp_distance(Milliseconds(distance));
}

ClockMark QueueClock::mark() const {
    return {now_queue(), now()};
}

}  // namespace posthaste::store
