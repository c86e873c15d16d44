// What came of attempts: written into the store, told to the scheduler, reported to senders.
#include "base/random.h"
#include "base/utf8.h"
#include "queue/dispatcher.h"
#include "queue/story.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

using To = store::RecipientUpdate::To;

constexpr std::size_t kReadAtOnce = 100;  // messages of one trip to the store
constexpr std::size_t kMostReporting = 4;
constexpr Seconds kReadDeadline{60};
constexpr Seconds kAfterReadError{60};

mail::Outcome* find_outcome(ParcelReport& report, std::size_t position, std::uint32_t index) {
    auto& outcomes = report.outcomes;
    if (position < outcomes.size() && outcomes[position].first == index) {
        return &outcomes[position].second;
    }
    const auto found =
        std::ranges::find(outcomes, index, [](const auto& pair) { return pair.first; });
    return found == outcomes.end() ? nullptr : &found->second;
}

mail::Outcome our_trouble(std::string_view thrown) {
    mail::Outcome outcome;
    outcome.status = {4, 3, 0};
    outcome.reply = "our server had to break off";
    if (!thrown.empty()) outcome.reply += fmt::format(" ({})", utf8::printable(thrown, 200));
    return outcome;
}

// Which of an attempt's tries, in their order, an outcome came of; none where nobody was asked.
const store::TryFacts* try_of(const std::vector<store::TryFacts>& tries,
                              const mail::Outcome& outcome) {
    if (outcome.remote_host.empty()) return nullptr;
    const auto latest_first = std::views::reverse(tries);
    const auto found = std::ranges::find_if(latest_first, [&](const auto& one) {
        return one.host == outcome.remote_host && one.ip == outcome.remote_ip;
    });
    return found == latest_first.end() ? nullptr : &*found;
}

// What recipients that wait for the site are told, should they wait until their time is up.
std::shared_ptr<const mail::Outcome> trouble_of(const ParcelReport& report) {
    if (report.signal != SiteSignal::trouble && !report.suspend) return nullptr;
    for (const auto& [index, outcome] : report.outcomes) {
        if (outcome.verdict == mail::Verdict::deferred) {
            return std::make_shared<const mail::Outcome>(outcome);
        }
    }
    return nullptr;
}

}  // namespace

void Dispatcher::settle(Job& job) {
    const QueueId id = job.pick.what.id;
    note_end(id);
    Scheduler::SiteReport site;
    site.signal = job.report.signal;
    site.max_recipients = job.report.learned_max_recipients;
    site.suspend = job.report.suspend;
    site.trouble = trouble_of(job.report);
    const Moment now = moment();
    scheduler_.free_slot(job.pick, site, now, jitter());
    if (job.report.limits_changed) scheduler_.refresh(job.pick.site, now);
    // One that broke off within this server is an attempt like others: it has to end some day.
    if (job.came_back || !stopping_) {
        if (!job.came_back) {
            parts_.log.error("queue.attempt_broke",
                             {{"id", id.to_string()},
                              {"why", "an attempt to deliver it broke off within this server"},
                              {"mend", "please report it, with the log's line before this one"}});
        }
        if (job.report.turned_away && scheduler_.thrives(job.pick.site, now)) {
            for (auto& [index, outcome] : job.report.outcomes) outcome.charge_attempt = false;
        }
        if (job.report.broken_group > 1) {
            for (const Taken::Item& item : job.pick.what.items)
                scheduler_.split(item.entry, job.report.broken_group);
        }
        Settling settling;
        settling.settlement.id = id;
        settling.told.queue_ms = job.report.queue_ms;
        settling.told.tries = std::move(job.report.tries);
        for (std::size_t i = 0; i < job.recipients.size(); ++i) {
            mail::Outcome* outcome = find_outcome(job.report, i, job.recipients[i].index);
            settle_one(job, i, outcome != nullptr ? std::move(*outcome) : our_trouble(job.thrown),
                       settling);
        }
        write(std::move(settling));
    } else {
        give_back(job.pick.what, kAfterReadError);
    }
    if (!scheduler_.busy(id)) fresh_.drop(id);
    if (stopping_) idle_.notify();
}

void Dispatcher::settle_one(Job& job, std::size_t position, mail::Outcome outcome,
                            Settling& settling) {
    const Taken::Item item = job.pick.what.items[position];
    const Moment now = moment();
    const bool deferred = outcome.verdict == mail::Verdict::deferred;
    const bool cancelled = scheduler_.cancelled(item.entry);
    if (deferred && !cancelled) {
        if (job.cancelled && !outcome.ambiguous) {  // our shutdown: tried again at the next start
            scheduler_.wait(item.entry, now.queue + kAfterReadError, item.attempts, now);
            return;
        }
        if (!outcome.charge_attempt && scheduler_.again(item.entry, now)) return;
    }
    const store::TryFacts* carried = try_of(settling.told.tries, outcome);
    const Tried tried{*job.message,
                      job.recipients[position],
                      std::move(outcome),
                      item.attempts,
                      now.queue,
                      posthaste::now(),
                      jitter(),
                      carried,
                      Milliseconds(settling.told.queue_ms)};
    apply(item.entry, tried,
          cancelled && tried.outcome.verdict != mail::Verdict::delivered
              ? decide_cancelled(tried, scheduler_.cancel_reported(item.entry))
              : decide(tried, options_.retry.of(job.message->kind, job.message->profile)),
          settling);
}

void Dispatcher::apply(Handle entry, const Tried& tried, Decision decision, Settling& settling) {
    Event event = make_event(tried, decision);
    const auto rule = words_of_rule(options_.rule_words, decision.update.outcome);
    if (rule && rule->of_operator && rule->cause == decision.update.outcome.cause) {
        event.means = rule->note;
    }
    settling.events.push_back(std::move(event));
    settling.told.results.push_back(make_result(tried, decision));
    const store::RecipientUpdate& update = decision.update;
    if (update.to == To::open) {
        scheduler_.wait(entry, update.next_at, update.attempts, moment());
        if (FreshContent::Fresh* fresh = fresh_.find(tried.message.id)) {
            if (store::RecipientRow* row = fresh->recipient(update.index)) {
                row->attempts = update.attempts;
                row->next_at = update.next_at;
                row->last = update.outcome;
                row->last_attempt = update.when;
            }
        }
    } else {
        scheduler_.finish(entry);
        // People look after their address books themselves.
        if (options_.memory != nullptr && tried.message.profile != store::Profile::human &&
            !tried.message.account.empty() && decision.event != EventType::cancelled)
            settling.ends.push_back({tried.message.id, tried.message.account, tried.message.profile,
                                     tried.recipient.address, decision.event, update.outcome,
                                     tried.wall});
        settling.report_due |= update.to == To::report_due;
    }
    settling.settlement.updates.push_back(std::move(decision.update));
}

void Dispatcher::write(Settling settling) {
    store::Changes changes;
    if (settling.settlement.updates.empty()) {
        // Nothing became of it that counts, but somebody was spoken to.
        if (settling.told.tries.empty()) return;
        tell_outcome(settling.settlement.id, now(), std::move(settling.told), changes);
        ledger_.write(std::move(changes), [] {});
        return;
    }
    changes.push_back(settling.settlement);
    tell_outcome(settling.settlement.id, now(), std::move(settling.told), changes);
    settling.settlement.updates.clear();
    ++unwritten_[settling.settlement.id];
    ledger_.write(std::move(changes),
                  [this, settling = std::move(settling)] { written(settling); });
}

// Durable: now it may be told, and what follows may be done.
void Dispatcher::written(const Settling& settling) {
    for (const Event& event : settling.events) {
        switch (event.type) {
            case EventType::delivered:
                metrics_.delivered.add();
                break;
            case EventType::deferred:
                metrics_.deferred.add();
                break;
            case EventType::failed:
                metrics_.failed.add();
                break;
            case EventType::expired:
                metrics_.expired.add();
                break;
            case EventType::delayed:
                metrics_.postponed.add();
                break;
            default:
                metrics_.cancelled.add();
                break;
        }
        parts_.events(event);
    }
    for (const EndedRecipient& end : settling.ends) options_.memory->ended(end);
    const QueueId& id = settling.settlement.id;
    const auto unwritten = unwritten_.find(id);
    if (--unwritten->second == 0) unwritten_.erase(unwritten);
    if (!settling.report_due && !waves_.has(id)) return;
    // The report reads the store: ends that are not there yet would be missing in it.
    const bool all_ended = scheduler_.open_recipients(id) == 0 && !unwritten_.contains(id);
    waves_.note(id, std::chrono::steady_clock::now(), all_ended);
    want_run();
}

void Dispatcher::give_back(const Taken& taken, Seconds wait) {
    const Moment now = moment();
    Taken ended = taken;
    ended.items.clear();
    for (const Taken::Item& item : taken.items) {
        if (scheduler_.cancelled(item.entry)) {
            ended.items.push_back(item);
        } else {
            scheduler_.wait(item.entry, now.queue + wait, item.attempts, now);
        }
    }
    if (!ended.items.empty()) aside_.push_back({Aside::Why::cancelled, std::move(ended), {}});
}

// The store knows nothing of them any more.
void Dispatcher::forget(const Taken& taken) {
    for (const Taken::Item& item : taken.items) scheduler_.finish(item.entry);
}

runtime::Task<Result<Dispatcher::Rows>> Dispatcher::read_rows(std::vector<QueueId> ids) {
    auto read = [&store = parts_.store, ids = std::move(ids)]() -> Result<Rows> {
        Rows rows;
        for (const QueueId& id : ids) {
            PH_TRY(auto message, store.engine().message(id));
            rows.push_back(std::move(message));
        }
        return rows;
    };
    return runtime::offload(parts_.blocking, std::move(read), Deadline::after(kReadDeadline));
}

// One at a time, in pieces: there may be a hundred thousand.
runtime::Task<void> Dispatcher::work_aside() {
    working_aside_ = true;
    while (!aside_.empty() && may_dispatch()) {
        std::vector<Aside> some;
        while (!aside_.empty() && some.size() < kReadAtOnce) {
            some.push_back(std::move(aside_.front()));
            aside_.pop_front();
        }
        auto settling = settle_some(std::move(some));
        co_await std::move(settling);
    }
    working_aside_ = false;
}

// What came a moment ago need not be read.
void Dispatcher::settle_fresh(std::vector<Aside>& some) {
    std::erase_if(some, [this](const Aside& aside) {
        const FreshContent::Fresh* fresh = fresh_.find(aside.taken.id);
        if (fresh == nullptr) return false;
        settle_aside(aside, store::Message{*fresh->row, fresh->recipients});
        return true;
    });
}

runtime::Task<void> Dispatcher::settle_some(std::vector<Aside> some) {
    settle_fresh(some);
    if (some.empty()) co_return;
    std::vector<QueueId> ids;
    for (const Aside& aside : some) ids.push_back(aside.taken.id);
    auto reading = read_rows(std::move(ids));
    auto rows = co_await std::move(reading);
    if (!rows) {
        parts_.log.error("queue.unreadable",
                         {{"why", rows.error().text}, {"mend", rows.error().mend}});
    }
    for (std::size_t i = 0; i < some.size(); ++i) {
        if (!rows) {
            give_back(some[i].taken, kAfterReadError);
        } else if ((*rows)[i]) {
            settle_aside(some[i], *(*rows)[i]);
        } else {
            forget(some[i].taken);
        }
    }
}

void Dispatcher::settle_aside(const Aside& aside, const store::Message& message) {
    const Moment now = moment();
    Settling settling;
    settling.settlement.id = message.row.id;
    for (const Taken::Item& item : aside.taken.items) {
        const auto row =
            std::ranges::find(message.recipients, item.index, &store::RecipientRow::index);
        if (row == message.recipients.end() || row->state != store::RecipientState::open) {
            scheduler_.finish(item.entry);
            continue;
        }
        const Tried tried{message.row,      *row,    aside.outcome, item.attempts, now.queue,
                          posthaste::now(), jitter()};
        const bool cancelled =
            aside.why == Aside::Why::cancelled || scheduler_.cancelled(item.entry);
        Decision decision;
        if (cancelled) {
            decision = decide_cancelled(tried, scheduler_.cancel_reported(item.entry));
        } else if (aside.why == Aside::Why::expired) {
            decision = decide_expired(tried);
        } else if (aside.why == Aside::Why::delayed) {
            decision = decide_delayed(tried, std::chrono::ceil<Milliseconds>(aside.wait));
        } else {
            decision = decide(tried, options_.retry.of(message.row.kind, message.row.profile));
        }
        apply(item.entry, tried, std::move(decision), settling);
    }
    write(std::move(settling));
    if (!scheduler_.busy(message.row.id)) fresh_.drop(message.row.id);
}

void Dispatcher::start_reports(const Moment& now) {
    while (reporting_.size() < kMostReporting) {
        if (const auto id = waves_.take_due(now.steady)) {
            if (reporting_.contains(*id)) {
                waves_.again_at(*id, now.steady + Seconds(1));
            } else {
                reporting_.insert(*id);
                tasks_->spawn(report(*id, false));
            }
        } else if (const auto late = delays_.take_due(now.steady)) {
            if (reporting_.contains(*late)) {  // its end is being reported
                delays_.again_at(*late, now.steady + Seconds(1));
            } else {
                reporting_.insert(*late);
                tasks_->spawn(report(*late, true));
            }
        } else {
            return;
        }
    }
}

runtime::Task<void> Dispatcher::report(QueueId id, bool delay) {
    auto make = [&store = parts_.store, options = report_options(), id, delay] {
        return delay ? make_delay_reports(store, options, id)
                     : make_final_reports(store, options, id);
    };
    auto making =
        runtime::offload(parts_.blocking, std::move(make), Deadline::after(kReadDeadline));
    auto reports = co_await std::move(making);
    if (reports && !reports->changes.empty()) {
        write_reports(id, std::move(*reports));
        co_return;
    }
    reporting_.erase(id);
    if (!reports)
        (delay ? delays_ : waves_).again_at(id, std::chrono::steady_clock::now() + kAfterReadError);
    if (!reports && reports.error().kind != ErrorKind::cancelled) {
        parts_.log.error("queue.report_failed", {{"id", id.to_string()},
                                                 {"why", reports.error().text},
                                                 {"mend", reports.error().mend}});
    }
    want_run();
}

// The reports and the end of those they are about: both or neither.
void Dispatcher::write_reports(const QueueId& about, Reports reports) {
    store::Changes changes = std::move(reports.changes);
    ledger_.write(std::move(changes), [this, about, reports = std::move(reports)] {
        reporting_.erase(about);
        for (const Event& event : reports.events) {
            if (event.type == EventType::delayed) metrics_.delayed.add();
            parts_.events(event);
        }
        for (const store::AddMessage& report : reports.added) admit_report(report);
        want_run();
    });
}

// An account's digest is made by one task at a time, until it is durable.
void Dispatcher::start_digests(const Moment& now) {
    while (reporting_.size() + digesting_.size() < kMostReporting) {
        auto account = desk_->take_due(now.queue);
        if (!account) return;
        if (!digesting_.insert(*account).second) {
            desk_->again_at(*account, now.queue + Seconds(1));
            continue;
        }
        tasks_->spawn(digest(std::move(*account)));
    }
}

runtime::Task<void> Dispatcher::digest(std::string account) {
    auto make = [&store = parts_.store, options = report_options(), account] {
        return make_digest_report(store, options, account);
    };
    auto making =
        runtime::offload(parts_.blocking, std::move(make), Deadline::after(kReadDeadline));
    auto reports = co_await std::move(making);
    if (!reports) {
        desk_->again_at(account, moment().queue + kAfterReadError);
        if (reports.error().kind != ErrorKind::cancelled)
            parts_.log.error("queue.digest_failed", {{"account", account},
                                                     {"why", reports.error().text},
                                                     {"mend", reports.error().mend}});
    }
    if (!reports || reports->changes.empty()) {
        digesting_.erase(account);
        want_run();
        co_return;
    }
    store::Changes changes = std::move(reports->changes);
    ledger_.write(std::move(changes), [this, account, reports = std::move(*reports)] {
        digesting_.erase(account);
        metrics_.digests.add();
        for (const Event& event : reports.events) parts_.events(event);
        for (const store::AddMessage& report : reports.added) admit_report(report);
        want_run();
    });
}

void Dispatcher::admit_report(const store::AddMessage& report) {
    metrics_.accepted.add();
    metrics_.reports.add();
    const Moment now = moment();
    Scheduler::NewMessage message;
    message.id = report.row.id;
    message.expires = report.row.expires;
    message.lane = Lane::report;
    const Handle handle = scheduler_.add_message(message);
    add_recipients(handle, report.row, report.recipients, now);
    fresh_.put(std::make_shared<const store::MessageRow>(report.row), report.recipients);
}

}  // namespace posthaste::queue
