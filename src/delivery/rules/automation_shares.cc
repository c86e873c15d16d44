// Rules about what share of an address's, or an account's, recipients at a site came to, and
// accounts that such a rule has slowed down.
#include "base/utf8.h"
#include "delivery/rules/automation.h"
#include "delivery/rules/automation_scope.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using Share = AutomationShare;

constexpr std::size_t kMostTotals = 10'000;
constexpr std::size_t kMostPaces = 1000;

bool counts(const Share& share, const mail::Outcome& outcome) {
    using mail::Cause;
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

std::string told(const Share& share, std::uint64_t counted, std::uint64_t attempts,
                 const std::string& last) {
    return utf8::printable(
        fmt::format("{} of {} recipients {}; the last answer: {}", counted, attempts,
                    share.of == Share::Of::blocks ? "were refused as unwanted" : "do not exist",
                    last),
        400);
}

}  // namespace

bool Automation::tried(const PathName& path, const std::vector<const mail::Outcome*>& outcomes) {
    Effect effect;
    const MutexLock lock(mutex_);
    for (std::size_t number = 0; number < rules_->all().size(); ++number) {
        const AutomationRule& rule = rules_->all()[number];
        if (!rule.share) continue;
        if (!rule.match.provider.empty() && rule.match.provider != path.provider) continue;
        if (rule.scope == AutomationRule::Scope::account_and_site && path.account.empty()) continue;
        const PathName scope = scoped(rule.scope, path);
        const std::string key = key_of(rule.match.id, scope);
        if (totals_.size() >= kMostTotals && !totals_.contains(key)) {
            // Who has sent least is the furthest from its number.
            totals_.erase(std::ranges::min_element(
                totals_, {}, [](const auto& pair) { return pair.second.attempts; }));
        }
        Totals& totals = totals_[key];
        for (const mail::Outcome* outcome : outcomes) {
            if (outcome->code == 0) continue;  // nobody said anything
            ++totals.attempts;
            if (!counts(*rule.share, *outcome)) continue;
            ++totals.counted;
            totals.last_reply = fmt::format("{} {}", outcome->code, outcome->reply);
        }
        if (totals.attempts < rule.share->attempts) continue;
        if (totals.counted * 1000 >= totals.attempts * rule.share->per_mille &&
            totals.counted > 0) {
            ReplyFacts facts;
            facts.text = told(*rule.share, totals.counted, totals.attempts, totals.last_reply);
            begin(key, number, scope, facts, facts.text, effect);
        }
        totals_.erase(key);  // the next ones are counted anew
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
