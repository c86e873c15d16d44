// Messages that were in flight when the server crashed.
#include "queue/dispatcher.h"
#include "queue/story.h"

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

// Then the next group is tried too: a slow host is no crash.
constexpr Seconds kTrial{60};

}  // namespace

void Dispatcher::load_suspects() {
    auto opened = InFlight::open(parts_.store.path() + "/in-flight");
    if (!opened) {
        parts_.log.warning("queue.no_crash_record",
                           {{"why", opened.error().text}, {"mend", opened.error().mend}});
        return;
    }
    in_flight_ = std::move(*opened);
    std::vector<Suspect> suspects;
    for (const Suspect& suspect : in_flight_->suspects()) {
        if (scheduler_.open_recipients(suspect.id) > 0 && !scheduler_.is_held(suspect.id)) {
            suspects.push_back(suspect);
        } else {
            in_flight_->forget(suspect.id);
        }
    }
    quarantine_ = Quarantine(suspects);
    for (const Suspect& suspect : suspects) scheduler_.quarantine(suspect.id);
    if (suspects.empty()) return;
    parts_.log.warning("queue.crashed",
                       {{"in_flight", suspects.size()},
                        {"what",
                         "the server crashed while these messages were being delivered; "
                         "they are tried again, a few at a time"}});
}

runtime::Task<void> Dispatcher::try_suspects() {
    for (const Suspect& suspect : quarantine_.guilty()) {
        // The scheduler keeps it back already; from here on the store does, too.
        std::vector<QueueId> ids;
        ids.push_back(suspect.id);
        MakeChange hold = [](const QueueId& id) -> store::Change {
            return store::SetHold{id, store::Hold::held};
        };
        MakeChange tell = [](const QueueId& id) -> store::Change {
            return tell_note(id, store::RecordType::held,
                             "the server crashed again and again while delivering it");
        };
        auto committing = commit_each(std::move(ids), std::move(hold), std::move(tell));
        auto held = co_await std::move(committing);
        if (!held) continue;  // the store has failed: nothing is delivered, and all says so
        scheduler_.hold(suspect.id);
        scheduler_.end_quarantine(suspect.id, moment());
        in_flight_->forget(suspect.id);
        parts_.events(admin_event(EventType::held, suspect.id));
        parts_.log.error(
            "queue.quarantined",
            {{"id", suspect.id.to_string()},
             {"why", fmt::format("the server crashed {} times while this message was being "
                                 "delivered, the last time over it alone; it is held",
                                 suspect.crashes)},
             {"mend", fmt::format("please report the crash; posthaste queue show {0} tells of the "
                                  "message, posthaste queue release {0} tries it again",
                                  suspect.id.to_string())}});
    }
    for (;;) {
        const auto group = quarantine_.next_group();
        if (group.empty() || stopping_) co_return;
        for (const QueueId& id : group) {
            // Ended, or held, or freed by a person meanwhile.
            if (!scheduler_.end_quarantine(id, moment())) quarantine_.tried(id);
        }
        want_run();
        const auto until = Deadline::after(kTrial);
        while (!quarantine_.group_is_done() && !until.passed() && !stopping_) {
            auto waiting = tried_.wait(until);
            auto waited = co_await std::move(waiting);
            if (!waited && waited.error().kind == ErrorKind::cancelled) co_return;
        }
    }
}

void Dispatcher::note_begin(const QueueId& id) {
    if (in_flight_) in_flight_->begin(id, quarantine_.is_alone(id));
}

void Dispatcher::note_end(const QueueId& id) {
    if (in_flight_) in_flight_->end(id);
    quarantine_.tried(id);
    if (quarantine_.group_is_done()) tried_.notify();
}

}  // namespace posthaste::queue
