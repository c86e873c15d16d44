// The plan of an attempt. Connecting: attempt_connect.cc. Transactions: attempt_send.cc. Verdicts:
// attempt_judge.cc.
#include "delivery/attempt.h"

#include "base/utf8.h"
#include "runtime/timer.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using mail::Cause;
using mail::Verdict;

constexpr std::size_t kMostAddresses = 5;
constexpr std::size_t kMostSessions = 2;
constexpr std::size_t kMostIdleTried = 3;
constexpr Seconds kLookUp{30};
constexpr Seconds kConnectWait{10};
constexpr Seconds kFirstConnect{10};  // while other addresses are left
constexpr auto kUnreachableForGood = std::chrono::hours(24);

}  // namespace

Attempt::Attempt(Shared& shared, IdleConnections& idle, const queue::Parcel& parcel)
    : shared_(shared),
      idle_(idle),
      parcel_(parcel),
      route_(shared.route_of(parcel)),
      limits_(shared.shaper.of(parcel.site)),
      age_(std::chrono::duration_cast<Seconds>(shared.store.clock().now_queue() -
                                               parcel.message->accepted)),
      cases_(parcel.recipients.size()),
      batch_(parcel.recipients.size()),
      story_(shared.dialogues) {
    const store::QueueTime due =
        std::max(parcel.message->accepted, parcel.recipients.front().next_at);
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

bool Attempt::is_over() const {
    return broken_off_ || std::ranges::all_of(cases_, [](const Case& c) { return c.ended; });
}

// A smarthost's site names its login and its level of TLS: two of them share nothing.
std::string Attempt::place_of(const Target& target) const {
    Place place{target.name, target.port};
    if (route_.smarthost) place.login = route_.site;
    place.ehlo = shared_.options.hostname;
    return place.key();
}

runtime::Task<void> Attempt::use_idle_connections(const std::vector<Target>& targets) {
    std::size_t tried = 0;
    for (const Target& target : targets) {
        const std::string place = place_of(target);
        if (!idle_.has(place)) continue;
        auto deciding = find_policy(target);
        const auto policy = co_await std::move(deciding);
        if (!policy) continue;  // it is told when its turn comes
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
    auto finding = find_targets();
    auto targets = co_await std::move(finding);
    prefer_former_host(targets);
    remember_provider(targets);
    if (put_off()) co_return;
    auto reusing = use_idle_connections(targets);
    co_await std::move(reusing);
    for (const Target& target : targets) {
        if (is_over() || addresses_tried_ >= kMostAddresses || sessions_ >= kMostSessions) {
            co_return;
        }
        more_targets_ = &target != &targets.back();
        auto trying = try_target(target);
        const Next next = co_await std::move(trying);
        if (next == Next::ended) co_return;
    }
}

runtime::Task<std::vector<Attempt::Target>> Attempt::find_targets() {
    std::vector<Target> targets;
    if (route_.smarthost) {
        const std::string& host = route_.smarthost->host;
        targets.push_back({host, route_.smarthost->port, true, host, host, true});
        co_return targets;
    }
    auto finding = find_destination(shared_.resolver, parcel_.recipients.front().address.domain(),
                                    shared_.options.hostname);
    const auto destination = co_await std::move(finding);
    if (!destination) {
        for (Case& c : cases_) end(c, destination.error());
        co_return targets;
    }
    for (const MxHost& host : shuffle(*destination)) {
        const bool best = host.preference == destination->hosts.front().preference;
        targets.push_back({host.name, shared_.options.mx_port, best,
                           parcel_.recipients.front().address.domain().ascii(),
                           destination->expanded, destination->secure});
    }
    co_return targets;
}

runtime::Task<std::vector<IpAddress>> Attempt::find_addresses(Target target) {
    std::vector<IpAddress> usable;
    if (const auto literal = IpAddress::parse(target.name); literal && route_.smarthost) {
        usable.push_back(*literal);
        co_return usable;
    }
    const Deadline deadline = Deadline::after(kLookUp);
    auto asking = route_.smarthost ? shared_.resolver.system_addresses(target.name, deadline)
                                   : shared_.resolver.addresses(target.name, deadline);
    const auto answer = co_await std::move(asking);
    for (const IpAddress& address : answer.addresses) {
        // Where a smarthost lives is the operator's word.
        if (route_.smarthost || is_allowed(address, shared_.options.allow_private_addresses)) {
            usable.push_back(address);
        }
    }
    if (limits_->family != IpFamily::any) {
        std::erase_if(usable, [this](const IpAddress& address) {
            return address.is_v4() != (limits_->family == IpFamily::v4);
        });
    }
    if (usable.empty()) no_address(target, answer, !answer.addresses.empty());
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool v4_last = shared_.families.is_bad(parcel_.site, true, now) &&
                         !shared_.families.is_bad(parcel_.site, false, now);
    co_return order_addresses(std::move(usable), v4_last, kMostAddresses);
}

// delivery.md and the poisonous targets of 1.3.
void Attempt::no_address(const Target& target, const net::AddressAnswer& answer, bool prohibited) {
    Judgement judgement;
    mail::Outcome& outcome = judgement.outcome;
    outcome.cause = Cause::routing;
    outcome.status = {4, 4, 4};
    if (prohibited) {
        outcome.status = {5, 4, 4};
        outcome.reply = fmt::format(
            "the mail server {} lies inside a private network or on this machine", target.name);
    } else if (answer.status == net::DnsStatus::failed) {
        outcome.status = {4, 4, 3};
        outcome.cause = Cause::dns_failure;
        outcome.retry_after = Seconds(60);
        outcome.reply = answer.why.empty()
                            ? fmt::format("the address of {} cannot be looked up now", target.name)
                            : answer.why;
    } else {
        outcome.reply = fmt::format("the mail server {} has no address", target.name);
        if (!route_.smarthost && age_ >= kUnreachableForGood) outcome.status = {5, 4, 4};
    }
    // Neither MX nor address: nobody ever meant to take mail there (RFC 5321 §5.1).
    const bool is_domain_itself =
        !route_.smarthost && target.name == parcel_.recipients.front().address.domain().ascii();
    if (is_domain_itself && !prohibited && answer.status != net::DnsStatus::failed) {
        outcome.status = {5, 4, 4};
        outcome.reply = fmt::format("{} has neither a mail server nor an address", target.name);
    }
    story_.passed_over(target.name, outcome);
    judgement.permanent_if_all = outcome.status.cls == 5;
    if (judgement.permanent_if_all) outcome.verdict = Verdict::failed;
    if (route_.smarthost) learn(queue::SiteSignal::trouble);
    for (const std::size_t i : open_cases())
        note_one(cases_[i], judgement, {target.name, "", "", true});
}

runtime::Task<Attempt::Next> Attempt::try_target(Target target) {
    auto finding = find_addresses(target);
    const auto addresses = co_await std::move(finding);
    if (addresses.empty()) co_return Next::next_host;
    auto deciding = find_policy(target);
    const auto policy = co_await std::move(deciding);
    if (!policy) {
        others_left_ = more_targets_;
        shut_out(target, policy.error());
        co_return is_over() ? Next::ended : Next::next_host;
    }
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (addresses_tried_ >= kMostAddresses || sessions_ >= kMostSessions) break;
        ++addresses_tried_;
        const bool last = i + 1 == addresses.size();
        others_left_ = !last || more_targets_;
        const Seconds wait = last ? shared_.options.connect_timeout
                                  : std::min(kFirstConnect, shared_.options.connect_timeout);
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
    const std::string place = place_of(target);
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
            const Peer peer{target.name, address.to_string(), "", target.best,
                            std::string(to_string(policy.level))};
            story_.failed(incident, note(incident, peer, open_cases()).outcome.reply);
            co_return is_over() ? Next::ended : Next::next_address;
        }
        died_in_tls_ = false;
        auto using_it = use(*opened->session, false, target.best, policy);
        const Next next = co_await std::move(using_it);
        idle_.put(place, std::move(*opened), keep());
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

queue::ParcelReport Attempt::conclude() {
    queue::ParcelReport report;
    for (Case& c : cases_) {
        if (!c.ended) {
            if (c.temporary) {
                c.outcome = std::move(*c.temporary);
            } else if (c.permanent) {
                c.outcome = std::move(*c.permanent);
            } else {
                // Nobody said anything about it: the connection ended before its turn came.
                c.outcome.verdict = Verdict::deferred;
                c.outcome.status = {4, 4, 2};
                c.outcome.cause = Cause::bad_connection;
                c.outcome.reply = "the connection ended before it was this recipient's turn";
                c.outcome.charge_attempt = false;
            }
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
    return report;
}

}  // namespace posthaste::delivery
