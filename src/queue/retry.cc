#include "queue/retry.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

// Before the end: one attempt is made then, whatever the steps say. A life of a minute must leave
// room for more attempts than the first.
constexpr Milliseconds kLastChance = Seconds(60);
constexpr int kPartOfShortLife = 10;
constexpr Seconds kShortest{1};
constexpr double kSpread = 0.15;
// Greylisting that says how long is taken at its word, a little later, since clocks differ.
constexpr Milliseconds kAskedAtLeast = Seconds(5);
constexpr double kAskedSpread = 25'000;  // milliseconds
constexpr Milliseconds kAskedFrom = Seconds(60);
constexpr Milliseconds kAskedTo = std::chrono::minutes(15);

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
    // Upward only, so that a server that lets us wait five minutes is not undershot.
    const auto spread = [jitter](double milliseconds) {
        return Milliseconds(static_cast<std::int64_t>(milliseconds * jitter));
    };
    const Milliseconds wait = asked ? std::max(*asked, kShortest) : step(attempts);
    const auto part = static_cast<double>(wait.count()) * kSpread;
    if (!asked || wait < kAskedFrom || wait > kAskedTo)
        return std::min(now + wait + spread(part), last);
    return std::min(now + wait + kAskedAtLeast + spread(kAskedSpread), last);
}

const RetrySchedule& RetrySchedules::of(store::MessageKind kind, store::Profile profile) const {
    if (kind == store::MessageKind::dsn) return report;
    switch (profile) {
        case store::Profile::human:
            return human;
        case store::Profile::transactional:
            return application;
        case store::Profile::bulk:
            return bulk;
    }
    return human;  // of a newer version
}

}  // namespace posthaste::queue
