// Rules about what share of an address's, or an account's, recipients at a site came to, and
// accounts that such a rule has slowed down.
#include "base/utf8.h"
#include "delivery/rules/automation.h"
#include "delivery/rules/automation_scope.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using Share = AutomationShare;

constexpr std::size_t kMostTotals = 10'000;
constexpr std::size_t kMostPaces = 1000;
constexpr std::size_t kMostHosts = 32;         // of one site
constexpr std::size_t kMostComplaints = 1000;  // known, so that none counts twice
// Complaints come hours and days behind: what they are a share of is not begun anew with each
// thousand, but halved when it has become this many of them.
constexpr std::uint64_t kMostShares = 10;

bool counts(const Share& share, const mail::Outcome& outcome) {
    using mail::Cause;
    if (share.of == Share::Of::complaints) return false;  // that shows later
    if (outcome.code < 400) return false;
    const Cause cause = outcome.cause;
    if (share.of == Share::Of::blocks) {
        return cause == Cause::block_ip || cause == Cause::block_domain ||
               cause == Cause::spam_content;
    }
    return outcome.verdict == mail::Verdict::failed &&
           (cause == Cause::invalid_recipient || cause == Cause::inactive_mailbox ||
            cause == Cause::bad_domain);
}

// Whether it is among those that the share is of.
bool is_tried(const Share& share, const mail::Outcome& outcome) {
    if (share.of == Share::Of::complaints) return outcome.verdict == mail::Verdict::delivered;
    return outcome.code != 0;  // else nobody said anything
}

std::string_view what_they_came_to(Share::Of of) {
    switch (of) {
        case Share::Of::hard_bounces:
            return "do not exist";
        case Share::Of::blocks:
            return "were refused as unwanted";
        case Share::Of::complaints:
            return "complained";
    }
    std::unreachable();
}

std::string told(const Share& share, std::uint64_t counted, std::uint64_t attempts,
                 const std::string& last) {
    return utf8::printable(
        fmt::format("{} of {} recipients {}; the last {}: {}", counted, attempts,
                    what_they_came_to(share.of),
                    share.of == Share::Of::complaints ? "report" : "answer", last),
        400);
}

}  // namespace

Automation::Totals& Automation::totals_of(std::size_t rule, const PathName& scope) {
    const std::string key = key_of(rules_->all()[rule].match.id, scope);
    if (totals_.size() >= kMostTotals && !totals_.contains(key)) {
        // Who has sent least is the furthest from its number.
        totals_.erase(std::ranges::min_element(
            totals_, {}, [](const auto& pair) { return pair.second.attempts; }));
    }
    Totals& totals = totals_[key];
    totals.rule = rule;
    totals.scope = scope;
    return totals;
}

// Looks whether there are enough for a share, and what it is. `totals` may be gone then.
void Automation::sweep(const std::string& key, Totals& totals, const std::string& host,
                       Effect& effect) {
    const Share& share = *rules_->all()[totals.rule].share;
    if (totals.attempts < share.attempts) return;
    if (totals.counted > 0 && totals.counted * 1000 >= totals.attempts * share.per_mille) {
        ReplyFacts facts;
        facts.text = told(share, totals.counted, totals.attempts, totals.last_reply);
        facts.host = host;
        begin(key, totals.rule, totals.scope, facts, facts.text, effect);
    } else if (share.of == Share::Of::complaints) {
        if (totals.attempts < share.attempts * kMostShares) return;
        totals.attempts /= 2;
        totals.counted /= 2;
        return;
    }
    totals_.erase(key);  // the next ones are counted anew
}

bool Automation::tried(const PathName& path, const std::vector<const mail::Outcome*>& outcomes) {
    Effect effect;
    const MutexLock lock(mutex_);
    for (std::size_t number = 0; number < rules_->all().size(); ++number) {
        const AutomationRule& rule = rules_->all()[number];
        if (!rule.share || (rule.bulk && !path.bulk)) continue;
        if (!rule.match.provider.empty() && rule.match.provider != path.provider) continue;
        if (rule.scope == AutomationRule::Scope::account_and_site && path.account.empty()) continue;
        const PathName scope = scoped(rule.scope, path);
        Totals& totals = totals_of(number, scope);
        for (const mail::Outcome* outcome : outcomes) {
            if (!is_tried(*rule.share, *outcome)) continue;
            ++totals.attempts;
            if (rule.share->of == Share::Of::complaints) {
                // As a complaint is told apart: by who took the message.
                std::erase(totals.hosts, outcome->remote_host);
                totals.hosts.push_back(outcome->remote_host);
                if (totals.hosts.size() > kMostHosts) totals.hosts.pop_front();
            }
            if (!counts(*rule.share, *outcome)) continue;
            ++totals.counted;
            totals.last_reply = fmt::format("{} {}", outcome->code, outcome->reply);
        }
        sweep(key_of(rule.match.id, scope), totals, {}, effect);
    }
    return effect.began;
}

bool Automation::complained(const Complaint& complaint) {
    if (complaint.account.empty() || complaint.host.empty()) return false;
    Effect effect;
    const MutexLock lock(mutex_);
    const std::pair known(complaint.id, complaint.index);
    if (std::ranges::find(complaints_, known) != complaints_.end()) return false;
    complaints_.push_back(known);
    if (complaints_.size() > kMostComplaints) complaints_.pop_front();
    for (auto at = totals_.begin(); at != totals_.end();) {
        auto& [key, totals] = *at++;  // it may end with the sweep
        const AutomationRule& rule = rules_->all()[totals.rule];
        const bool is_meant =
            rule.share->of == Share::Of::complaints && (!rule.bulk || complaint.bulk) &&
            (totals.scope.account.empty() || totals.scope.account == complaint.account) &&
            std::ranges::find(totals.hosts, complaint.host) != totals.hosts.end();
        if (!is_meant) continue;
        ++totals.counted;
        totals.last_reply = complaint.feedback;
        const std::string name = key;
        sweep(name, totals, complaint.host, effect);
    }
    return effect.began;
}

std::optional<Seconds> Automation::wait_of_account(const PathName& path,
                                                   const PathOverrides& overrides,
                                                   std::uint64_t recipients) {
    if (!overrides.account_rate) return std::nullopt;
    const SteadyTime now = std::chrono::steady_clock::now();
    const MutexLock lock(mutex_);
    const std::string key = fmt::format("{} {} {}", overrides.slowed_by, path.site, path.account);
    if (paces_.size() >= kMostPaces && !paces_.contains(key)) {
        paces_.erase(std::ranges::min_element(paces_, {},
                                              [](const auto& pair) { return pair.second.used; }));
    }
    Pace& pace = paces_[key];
    pace.used = now;
    if (pace.gcra.available(*overrides.account_rate, now, 1) == 0) {
        return std::chrono::ceil<Seconds>(pace.gcra.next(*overrides.account_rate, now) - now);
    }
    pace.gcra.take(*overrides.account_rate, now, recipients);
    return std::nullopt;
}

}  // namespace posthaste::delivery
