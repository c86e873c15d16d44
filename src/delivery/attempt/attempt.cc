// An attempt as a whole. Which hosts and addresses: attempt/plan.cc. Our own address:
// attempt/source.cc. Connecting: attempt/connect.cc. Transactions: attempt_send.cc. Verdicts:
// attempt/judge.cc.
#include "delivery/attempt/attempt.h"

#include "base/utf8.h"
#include "delivery/route/path.h"
#include "runtime/timer.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using mail::Cause;
using mail::Verdict;

constexpr std::size_t kMostSessions = 2;
constexpr std::size_t kMostIdleTried = 3;
constexpr Seconds kConnectWait{10};
constexpr Seconds kFirstConnect{10};                   // while other addresses are left
constexpr std::uint64_t kSlowestPerSecond = 16 << 10;  // octets of content

std::string make_source_key(const queue::Parcel& parcel, const Route& route) {
    return source_key(parcel.message->id.to_string(),
                      parcel.recipients.front().address.domain().ascii(),
                      route.smarthost != nullptr);
}

}  // namespace

Attempt::Attempt(Shared& shared, IdleConnections& idle, const queue::Parcel& parcel,
                 const Route& route)
    : shared_(shared),
      idle_(idle),
      parcel_(parcel),
      route_(route),
      limits_(shared.shaper.of(parcel.site)),
      source_key_(make_source_key(parcel, route_)),
      age_(std::chrono::duration_cast<Seconds>(shared.store.clock().now_queue() -
                                               parcel.message->starts())),
      cases_(parcel.recipients.size()),
      batch_(parcel.recipients.size()),
      story_(shared.dialogues) {
    if (one_each()) batch_ = 1;
    until_ = Deadline::after(longest());
    const store::QueueTime due =
        std::max(parcel.message->starts(), parcel.recipients.front().next_at);
    queue_ms_ = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>((shared.store.clock().now_queue() - due).count(), 0, 0xffff'ffff));
    for (std::size_t i = 0; i < cases_.size(); ++i) cases_[i].row = &parcel.recipients[i];
}

runtime::Task<queue::ParcelReport> Attempt::run() {
    auto walking = walk();
    co_await std::move(walking);
    auto asking = ask_policy_again();
    co_await std::move(asking);
    co_return conclude();
}

// A path whose own steps may take longer gets two of those.
Seconds Attempt::longest() const {
    const Seconds own = 2 * std::max(limits_->command_timeout.value_or(Seconds(0)),
                                     limits_->final_dot_timeout.value_or(Seconds(0)));
    const store::MessageRow& row = *parcel_.message;
    const std::uint64_t octets = (row.header ? row.header->size() : 0) + row.body.size;
    return std::max(shared_.options.attempt_timeout, own) +
           Seconds(static_cast<std::int64_t>(octets / kSlowestPerSecond));
}

std::string Attempt::out_of_time() const {
    return fmt::format("one attempt takes {} at most, and this one had taken that long",
                       format_duration(longest()));
}

bool Attempt::is_over() const {
    return broken_off_ || until_.passed() ||
           std::ranges::all_of(cases_, [](const Case& c) { return c.ended; });
}

runtime::Task<void> Attempt::use_idle_connections(const std::vector<Target>& targets) {
    std::size_t tried = 0;
    const bool v4 =
        route_.families == AddressFamilies::v4_first || route_.families == AddressFamilies::v4_only;
    for (const Target& target : targets) {
        const std::string place = place_of(target, v4);
        if (!idle_.has(place)) continue;
        auto deciding = find_policy(target);
        const auto policy = co_await std::move(deciding);
        if (!policy) continue;  // it is told when its turn comes
        // It is asked before its turn, when no level has been looked at for hosts of ours: one that
        // is no worse than this ends the list before it (RFC 5321 §5.1).
        std::vector<Target> no_worse;
        std::ranges::copy_if(targets, std::back_inserter(no_worse),
                             [&](const Target& other) { return other.level <= target.level; });
        auto asking = level_is_ours(std::move(no_worse));
        const bool ours = co_await std::move(asking);
        if (ours) co_return;
        for (; tried < kMostIdleTried && !is_over(); ++tried) {
            auto kept = idle_.take(place, *policy);
            if (!kept.session) break;
            auto looking = kept.session->is_quiet();
            const bool quiet = co_await std::move(looking);
            if (quiet) {
                auto using_it = use(*kept.session, true, true, *policy);
                const Next next = co_await std::move(using_it);
                static_cast<void>(next);  // who is left gets a fresh connection
            }
            idle_.put(place, std::move(kept), keep());
        }
    }
}

runtime::Task<void> Attempt::walk() {
    if (come_too_late()) co_return;
    auto finding = find_targets();
    auto targets = co_await std::move(finding);
    prefer_former_host(targets);
    remember_provider(targets);
    if (put_off() || wait_for_warm_up()) co_return;
    auto reusing = use_idle_connections(targets);
    co_await std::move(reusing);
    for (auto target = targets.begin(); target != targets.end(); ++target) {
        if (is_over() || share_.is_full() || sessions_ >= kMostSessions) co_return;
        if (target == targets.begin() || target->level != std::prev(target)->level) {
            const auto end = std::find_if(target, targets.end(), [&](const Target& other) {
                return other.level != target->level;
            });
            auto asking = level_is_ours({target, end});
            const bool ours = co_await std::move(asking);
            if (ours) co_return;
        }
        behind_.assign(std::next(target), targets.end());
        auto trying = try_target(*target);
        const Next next = co_await std::move(trying);
        if (next == Next::ended) co_return;
    }
}

runtime::Task<Attempt::Next> Attempt::try_target(Target target) {
    auto finding = find_addresses(target);
    const auto addresses = co_await std::move(finding);
    if (addresses.empty()) co_return Next::next_host;
    auto deciding = find_policy(target);
    const auto policy = co_await std::move(deciding);
    if (!policy) {
        others_left_ = !behind_.empty();
        shut_out(target, policy.error());
        co_return is_over() ? Next::ended : Next::next_host;
    }
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (share_.is_full() || sessions_ >= kMostSessions) break;
        const bool v4 = addresses[i].is_v4();
        if (!share_.is_own(v4)) {
            const auto here = static_cast<std::size_t>(
                std::count_if(addresses.begin() + static_cast<std::ptrdiff_t>(i), addresses.end(),
                              [v4](const IpAddress& other) { return other.is_v4() != v4; }));
            auto counting = count_behind(!v4);
            const std::size_t behind = co_await std::move(counting);
            if (!share_.may_try(v4, here + behind)) continue;
        }
        share_.tried(v4);
        const bool last = i + 1 == addresses.size();
        others_left_ = !last || !behind_.empty();
        const Seconds most = limits_->connect_timeout.value_or(shared_.options.connect_timeout);
        const Seconds wait = last ? most : std::min(kFirstConnect, most);
        auto trying = try_address(target, addresses[i], wait, *policy);
        const Next next = co_await std::move(trying);
        if (next == Next::ended || is_over()) co_return Next::ended;
        if (next == Next::next_host) break;
    }
    co_return Next::next_host;
}

// Again to the same address with a smaller ClientHello, then in clear, where that is allowed
// (delivery.md 2.6).
runtime::Task<Attempt::Next> Attempt::try_address(Target target, IpAddress address, Seconds wait,
                                                  const TlsPolicy& policy) {
    const bool may_drop = may_drop_tls(target, policy);
    auto asking = may_connect(target);
    const bool allowed = co_await std::move(asking);
    if (!allowed) co_return Next::ended;
    for (Hello hello = first_hello(target, policy);; hello = Hello{static_cast<int>(hello) + 1}) {
        const bool last = !may_drop || hello == Hello::none;
        auto opening = open(target, address, wait, policy, hello);
        auto opened = co_await std::move(opening);
        if (!opened) {
            const Incident& incident = opened.error();
            if (!last && incident.stage == Stage::starttls && incident.what != What::our_own) {
                story_.failed(incident, utf8::printable(incident.text, 200));
                continue;
            }
            if (incident.stage == Stage::connect && incident.what == What::timed_out) {
                shared_.families.timed_out(parcel_.site, address, std::chrono::steady_clock::now());
            }
            const Peer peer{target.name, target.socket.empty() ? address.to_string() : "", "",
                            target.best, std::string(to_string(policy.level))};
            story_.failed(incident, note(incident, peer, open_cases()).outcome.reply);
            co_return is_over() ? Next::ended : Next::next_address;
        }
        died_in_tls_ = false;
        auto using_it = use(*opened->session, false, target.best, policy);
        const Next next = co_await std::move(using_it);
        // Now, since a source that is not there has made way for another one.
        idle_.put(place_of(target, address.is_v4()), std::move(*opened), keep());
        if (last || !died_in_tls_ || is_over()) co_return next;
    }
}

IdleConnections::Keep Attempt::keep() const {
    return {limits_->reuse && !parcel_.close_after, limits_->idle_timeout,
            limits_->max_deliveries_per_connection};
}

// New connections of a path have a rate of their own. A short wait is waited out; else the mail
// goes back, and nothing is held against it.
runtime::Task<bool> Attempt::may_connect(const Target& target) {
    for (;;) {
        const SteadyTime now = std::chrono::steady_clock::now();
        const auto wait = shared_.shaper.wait_to_connect(parcel_.site, now);
        if (wait <= SteadyTime::duration(0)) co_return true;
        if (wait > kConnectWait) {
            Judgement judgement;
            mail::Outcome& outcome = judgement.outcome;
            outcome.status = {4, 4, 5};
            outcome.cause = Cause::rate_limited;
            outcome.charge_attempt = false;
            outcome.retry_after = std::chrono::ceil<Seconds>(wait);
            outcome.reply = fmt::format("the next connection to {} is due later: {}", target.name,
                                        limits_->max_connection_rate->to_string());
            judgement.scope = Scope::route;
            for (const std::size_t i : open_cases()) {
                note_one(cases_[i], judgement, {target.name, "", "", true, {}});
            }
            suspend_ = outcome.retry_after;
            broken_off_ = true;
            co_return false;
        }
        auto sleeping = runtime::sleep_for(wait);
        const auto slept = co_await std::move(sleeping);
        if (!slept) {  // our shutdown
            broken_off_ = true;
            co_return false;
        }
    }
}

// Nobody said anything about it: the connection, or our time, ended before its turn came. It comes
// again uncharged, but for an attempt that came to nothing at all in its time: the host would hold
// the next one as long.
mail::Outcome Attempt::outcome_of_unheard() const {
    mail::Outcome outcome;
    outcome.verdict = Verdict::deferred;
    outcome.status = {4, 4, 2};
    outcome.cause = Cause::bad_connection;
    outcome.reply = "the connection ended before it was this recipient's turn";
    outcome.charge_attempt = false;
    if (!until_.passed() || broken_off_) return outcome;
    outcome.reply = out_of_time();
    outcome.charge_attempt = std::ranges::none_of(cases_, [](const Case& c) { return c.ended; });
    return outcome;
}

queue::ParcelReport Attempt::conclude() {
    queue::ParcelReport report;
    for (Case& c : cases_) {
        bool unheard = c.unheard;
        if (!c.ended) {
            unheard = !broken_off_;
            if (c.temporary) {
                c.outcome = std::move(*c.temporary);
            } else if (c.permanent) {
                c.outcome = std::move(*c.permanent);
            } else {
                c.outcome = outcome_of_unheard();
            }
        }
        // Mail that comes back to us does so by any way; what a host cannot take, another one of
        // its route was asked for already.
        const Cause cause = c.outcome.cause;
        if (unheard && cause != Cause::loop && cause != Cause::too_large &&
            cause != Cause::no_8bit && cause != Cause::no_smtputf8 && c.outcome.charge_attempt) {
            unheard_.push_back(c.row->index);
        }
        report.outcomes.emplace_back(c.row->index, std::move(c.outcome));
    }
    report.signal = signal_.value_or(queue::SiteSignal::neutral);
    report.learned_max_recipients = learned_max_;
    report.suspend = suspend_;
    report.turned_away = shut_ && !other_trouble_ && !began_ && !suspend_ &&
                         report.signal == queue::SiteSignal::trouble;
    report.broken_group = broken_group_;
    report.tries = story_.take();
    report.queue_ms = queue_ms_;
    report.limits_changed = limits_changed_;
    tell_warm_up(report);
    if (shared_.options.automation != nullptr) {
        std::vector<const mail::Outcome*> outcomes;
        for (const auto& [index, outcome] : report.outcomes) outcomes.push_back(&outcome);
        if (shared_.options.automation->tried(path_name(), outcomes)) report.limits_changed = true;
    }
    return report;
}

}  // namespace posthaste::delivery
