// Decision: what becomes of a recipient after an attempt, or after a person's word. Pure
// (delivery.md 3.2, 3.3).
#pragma once

#include "base/event.h"
#include "queue/retry.h"
#include "store/change.h"

#include <cstdint>

namespace posthaste::queue {

struct Tried {
    const store::MessageRow& message;
    const store::RecipientRow& recipient;
    mail::Outcome outcome;
    std::uint32_t attempts = 0;  // before this one
    store::QueueTime now;
    Timestamp wall;
    double jitter = 0;
    // The try that this outcome came of, where a server was asked; it outlives this.
    const store::TryFacts* carried = nullptr;
    Milliseconds queued{};  // from when it was due until the attempt began
};

struct Decision {
    store::RecipientUpdate update;
    EventType event = EventType::deferred;
};

// After an attempt that counts.
Decision decide(Tried tried, const RetrySchedule& schedule);
// Its time is up without one more attempt: its site is down.
Decision decide_expired(Tried tried);
// Its site is down or stopped, and it was not tried: it waits, uncharged.
Decision decide_delayed(Tried tried, Milliseconds wait);
// A person cancelled it.
Decision decide_cancelled(Tried tried, bool report);

Event make_event(const Tried& tried, const Decision& decision);

}  // namespace posthaste::queue
