// When a recipient is tried again, expires, and when its sender is told that it takes longer (RFC
// 5321 §4.5.4.1; delivery.md 3.2). Pure.
#pragma once

#include "base/time.h"
#include "store/queue_time.h"
#include "store/values.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace posthaste::queue {

struct RetrySchedule {
    std::vector<Seconds> steps = {
        Seconds(300),  Seconds(600),  Seconds(900),  Seconds(1800),
        Seconds(3600), Seconds(7200), Seconds(14400)};  // the last repeats
    Seconds expire = std::chrono::days(5);
    Seconds delay_warning = std::chrono::hours(4);  // 0: none

    // The wait after the `attempts`th attempt (1 or more), before jitter.
    Seconds step(std::uint32_t attempts) const;

    // Of a message.
    struct Lifetime {
        store::QueueTime accepted;
        store::QueueTime expires;
    };

    // After `attempts` (1 or more) ended at `now`: the step plus 0 to 15 % (`jitter` in [0, 1)), or
    // `asked` if the reply asked for more or less (plus 5 to 30 s where it is some minutes); but
    // one last attempt a minute before the end, or a tenth of a short life. Nothing: it has
    // expired.
    std::optional<store::QueueTime> next(std::uint32_t attempts, store::QueueTime now,
                                         Lifetime life, std::optional<Seconds> asked,
                                         double jitter) const;
};

// By who sends. A person wants to know soon and gives up late; a program's one-time code is worth
// nothing tomorrow; a newsletter can wait; nobody waits for a report.
struct RetrySchedules {
    RetrySchedule human;
    RetrySchedule application = {.steps = {Seconds(60), Seconds(120), Seconds(240), Seconds(480),
                                           Seconds(900), Seconds(1800), Seconds(3600)},
                                 .expire = std::chrono::hours(24),
                                 .delay_warning = Seconds(0)};
    RetrySchedule bulk = {.steps = {Seconds(900), Seconds(1800), Seconds(3600), Seconds(7200),
                                    Seconds(14400), Seconds(21600)},
                          .expire = std::chrono::hours(48),
                          .delay_warning = Seconds(0)};
    RetrySchedule report = {
        .steps = {Seconds(1800), Seconds(3600), Seconds(7200), Seconds(14400), Seconds(21600)},
        .expire = std::chrono::days(2),
        .delay_warning = Seconds(0)};

    const RetrySchedule& of(store::MessageKind kind, store::Profile profile) const;
};

}  // namespace posthaste::queue
