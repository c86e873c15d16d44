// What persons decide about messages.
#include "base/ascii.h"
#include "base/utf8.h"
#include "queue/dispatcher.h"
#include "queue/routing_key.h"
#include "queue/story.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

constexpr std::string_view kByRules = "rules";
constexpr std::size_t kAtOnce = 1000;     // changes of one submission
constexpr std::size_t kReadAtOnce = 100;  // messages of one trip to the store
constexpr Seconds kCommitDeadline{300};
constexpr Seconds kBarrierDeadline{60};

Error stopping() {
    return {ErrorKind::busy, "the server is shutting down", "try again in a minute"};
}

}  // namespace

void Dispatcher::act(Action action, Selection selection, Answer answer) {
    home().post(
        [self = shared_from_this(), action, selection = std::move(selection), answer]() mutable {
            if (self->stopping_ || !self->loaded_) {
                answer(std::unexpected(stopping()));
            } else {
                self->tasks_->spawn(self->do_act(action, std::move(selection), answer));
            }
        });
}

void Dispatcher::tell_site(std::string key, runtime::Callback<std::optional<SiteStatus>> answer) {
    home().post([self = shared_from_this(), key = std::move(key), answer] {
        answer(self->scheduler_.site_status(key, self->moment()));
    });
}

void Dispatcher::tell_keeping(std::vector<QueueId> ids,
                              runtime::Callback<std::vector<Keeping>> answer) {
    home().post([self = shared_from_this(), ids = std::move(ids), answer] {
        if (!self->loaded_) {
            answer(std::unexpected(stopping()));
            return;
        }
        std::vector<Keeping> kept;
        kept.reserve(ids.size());
        for (const QueueId& id : ids) kept.push_back(self->scheduler_.keeping(id));
        answer(std::move(kept));
    });
}

std::vector<QueueId> Dispatcher::select(const Selection& selection) const {
    std::vector<QueueId> ids;
    if (selection.all) {
        ids = scheduler_.messages();
    } else if (!selection.domain.empty()) {
        ids = scheduler_.messages_to(selection.domain);
    }
    for (const QueueId& id : selection.ids) {
        if (scheduler_.knows(id)) ids.push_back(id);
    }
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

runtime::Task<void> Dispatcher::do_act(Action action, Selection selection, Answer answer) {
    if (auto parsed = mail::Domain::parse(selection.domain)) selection.domain = parsed->ascii();
    std::vector<QueueId> ids = select(selection);
    // All of a message is meant unless it was found by its domain alone.
    const std::string domain = selection.all || !selection.ids.empty() ? "" : selection.domain;
    switch (action) {
        case Action::hold:
        case Action::release: {
            auto setting = set_held(std::move(ids), action == Action::hold, "by a person");
            auto count = co_await std::move(setting);
            answer(std::move(count));
            break;
        }
        case Action::retry: {
            auto retrying = retry(std::move(ids), domain, selection.route);
            auto count = co_await std::move(retrying);
            answer(std::move(count));
            break;
        }
        case Action::cancel:
        case Action::cancel_and_report: {
            const bool report = action == Action::cancel_and_report;
            auto cancelling = cancel(std::move(ids), domain, report);
            auto count = co_await std::move(cancelling);
            answer(std::move(count));
            break;
        }
    }
    want_run();
}

runtime::Task<Result<void>> Dispatcher::commit_each(std::vector<QueueId> ids, MakeChange make,
                                                    MakeChange tell) {
    for (std::size_t at = 0; at < ids.size(); at += kAtOnce) {
        store::Changes changes;
        for (std::size_t i = at; i < std::min(ids.size(), at + kAtOnce); ++i) {
            changes.push_back(make(ids[i]));
            if (tell) changes.push_back(tell(ids[i]));
        }
        runtime::Callback<void> done;
        parts_.store.committer().submit(std::move(changes),
                                        [done](Result<void> result) { done(std::move(result)); });
        auto waiting = done.wait(Deadline::after(kCommitDeadline));
        PH_CO_CHECK(co_await std::move(waiting));
    }
    co_return Result<void>();
}

Event Dispatcher::admin_event(EventType type, const QueueId& id) {
    Event event;
    event.type = type;
    event.time = now();
    event.id = id;
    event.account = scheduler_.account_of(id);
    if (const FreshContent::Fresh* fresh = fresh_.find(id)) {
        event.sender = mail::to_string(fresh->row->sender);
    }
    return event;
}

// The store first: what a person was told holds after a crash.
runtime::Task<Result<std::size_t>> Dispatcher::set_held(std::vector<QueueId> ids, bool held,
                                                        std::string why) {
    std::erase_if(ids, [&](const QueueId& id) {
        if (held) return scheduler_.is_held(id);
        return !scheduler_.is_held(id) && !scheduler_.is_quarantined(id);
    });
    const auto type = held ? store::RecordType::held : store::RecordType::released;
    MakeChange set = [held](const QueueId& id) -> store::Change {
        return store::SetHold{id, held ? store::Hold::held : store::Hold::released};
    };
    MakeChange tell = [type, why](const QueueId& id) -> store::Change {
        return tell_note(id, type, why);
    };
    auto committing = commit_each(ids, std::move(set), std::move(tell));
    PH_CO_CHECK(co_await std::move(committing));
    std::size_t count = 0;
    for (const QueueId& id : ids) {
        const bool changed = held ? scheduler_.hold(id) : scheduler_.release(id, moment());
        if (!changed) continue;
        ++count;
        parts_.events(admin_event(held ? EventType::held : EventType::released, id));
        fresh_.drop(id);
    }
    co_return count;
}

runtime::Task<void> Dispatcher::hold_by_route(QueueId id) {
    std::vector<QueueId> ids;
    ids.push_back(id);
    auto setting = set_held(std::move(ids), true, "a route of the configuration says so");
    auto done = co_await std::move(setting);
    if (!done) {
        parts_.log.warning("queue.not_held", {{"id", id.to_string()}, {"why", done.error().text}});
    }
}

// A message takes one way, whichever of its recipients it was chosen by.
runtime::Task<Result<void>> Dispatcher::reroute(std::vector<QueueId> ids, std::string route) {
    const bool by_rules = route == kByRules;
    if (!by_rules && !parts_.courier.has_route(route)) {
        co_return fail(
            ErrorKind::not_found,
            fmt::format("no route is called \"{}\"", utf8::printable(route, 60)),
            "name one of the file's [[route]], \"default\", or \"rules\" to let the rules "
            "decide again");
    }
    if (by_rules) route.clear();
    auto committing = commit_each(
        ids, [route](const QueueId& id) -> store::Change { return store::SetRoute{id, route}; });
    PH_CO_CHECK(co_await std::move(committing));
    auto reading = read_rows(ids);
    PH_CO_TRY(const Rows rows, co_await std::move(reading));
    for (std::size_t i = 0; i < ids.size(); ++i) {
        fresh_.drop(ids[i]);
        if (!rows[i]) continue;
        const store::MessageRow& row = rows[i]->row;
        const std::string sender = mail::to_string(row.sender);
        scheduler_.reroute(
            ids[i],
            [&](std::string_view domain) {
                const Origin origin{sender, row.account, row.route, row.id};
                return routing_key(domain, parts_.courier.route_for(domain, origin));
            },
            moment());
    }
    co_return Result<void>();
}

runtime::Task<Result<std::size_t>> Dispatcher::retry(std::vector<QueueId> ids, std::string domain,
                                                     std::string route) {
    std::erase_if(ids, [&](const QueueId& id) {
        return scheduler_.is_held(id) || scheduler_.is_quarantined(id);
    });
    const std::string why =
        route.empty() ? "by a person" : fmt::format("by a person, over the route {}", route);
    if (!route.empty()) {
        auto rerouting = reroute(ids, std::move(route));
        PH_CO_CHECK(co_await std::move(rerouting));
    }
    MakeChange set_time = [this, domain, at = moment().queue](const QueueId& id) -> store::Change {
        store::SetNextAttempt set{id, at, {}};
        if (!domain.empty()) set.only = scheduler_.recipients_to(id, domain);
        return set;
    };
    MakeChange tell = [why](const QueueId& id) -> store::Change {
        return tell_note(id, store::RecordType::retried, why);
    };
    auto committing = commit_each(ids, std::move(set_time), std::move(tell));
    PH_CO_CHECK(co_await std::move(committing));
    std::size_t count = 0;
    for (const QueueId& id : ids) {
        if (scheduler_.retry(id, domain, moment())) ++count;
    }
    co_return count;
}

runtime::Task<Result<std::size_t>> Dispatcher::cancel(std::vector<QueueId> ids, std::string domain,
                                                      bool report) {
    const std::size_t count = ids.size();
    for (std::size_t at = 0; at < count; at += kReadAtOnce) {
        std::vector<Aside> some;
        for (std::size_t i = at; i < std::min(count, at + kReadAtOnce); ++i) {
            Taken taken = scheduler_.take_for_cancel(ids[i], {domain, report});
            if (taken.items.empty()) continue;
            some.push_back({Aside::Why::cancelled, std::move(taken), {}});
        }
        auto settling = settle_some(std::move(some));
        co_await std::move(settling);
    }
    // Changes are written in order: once this one is durable, the ends before it are.
    store::Changes barrier;
    barrier.push_back(store::SaveClock{parts_.store.clock().mark()});
    runtime::Callback<void> durable;
    ledger_.write(std::move(barrier), [durable] { durable({}); });
    auto waiting = durable.wait(Deadline::after(kBarrierDeadline));
    auto written = co_await std::move(waiting);
    if (!written) {
        co_return fail(ErrorKind::busy, "cancelled, but the store has not written it yet",
                       "look at the health of the store: posthaste queue list says more");
    }
    co_return count;
}

}  // namespace posthaste::queue
