// When a recipient is tried again, expires, and when its sender is told that it takes longer (RFC
// 5321 §4.5.4.1; delivery.md 3.2). Pure.
#pragma once

#include "base/time.h"
#include "store/queue_time.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace posthaste::queue {

struct RetrySchedule {
    std::vector<Seconds> steps = {
        Seconds(300),  Seconds(600),  Seconds(900),  Seconds(1800),
        Seconds(3600), Seconds(7200), Seconds(14400)};  // the last repeats
    Seconds expire = std::chrono::days(5);
    Seconds dsn_expire = std::chrono::days(2);
    Seconds delay_warning = std::chrono::hours(4);

    // The wait after the `attempts`th attempt (1 or more), before jitter.
    Seconds step(std::uint32_t attempts) const;

    // Of a message.
    struct Lifetime {
        store::QueueTime accepted;
        store::QueueTime expires;
    };

    // After `attempts` (1 or more) ended at `now`: the step, or `asked` if the reply asked for more
    // or less, plus 0 to 15 % (`jitter` in [0, 1)); but one last attempt a minute before the end,
    // or a tenth of a short life. Nothing: it has expired.
    std::optional<store::QueueTime> next(std::uint32_t attempts, store::QueueTime now,
                                         Lifetime life, std::optional<Seconds> asked,
                                         double jitter) const;
};

}  // namespace posthaste::queue
