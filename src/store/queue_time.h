// Queue time: what retries and expiry are measured in. It advances with the steady clock while the
// server runs and by the time it was down, as far as that is believable; it never jumps. A wall
// clock that is wrong by ten years, at start or while running, therefore neither expires nor stops
// anything (threats.md F6).
#pragma once

#include "base/time.h"

#include <chrono>
#include <optional>

namespace posthaste::store {

struct QueueTimeTag {
    using duration = Milliseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<QueueTimeTag, duration>;
    static constexpr bool is_steady = true;
};

using QueueTime = QueueTimeTag::time_point;

// What the store keeps, rewritten every minute and with each commit that is due.
struct ClockMark {
    QueueTime queue_time;
    Timestamp wall;
};

class QueueClock {
  public:
    static constexpr Seconds kLongestDowntime = std::chrono::days(30);

    // `mark`: the last one stored, nothing for a new store. A wall clock that is behind the mark,
    // or further ahead than kLongestDowntime, is not believed: the time the server was down then
    // counts as nothing.
    explicit QueueClock(std::optional<ClockMark> mark, Timestamp wall_now = now());

    QueueTime now_queue() const;  // thread-safe
    SteadyTime to_steady(QueueTime t) const;
    ClockMark mark() const;

    bool jumped() const { return jumped_; }  // at start, for the log

  private:
    QueueTime base_;
    SteadyTime base_steady_;
    bool jumped_ = false;
};

}  // namespace posthaste::store
