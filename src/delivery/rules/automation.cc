#include "delivery/rules/automation.h"

#include "base/utf8.h"
#include "delivery/rules/automation_scope.h"
#include "formats/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using formats::JsonValue;
using formats::JsonWriter;
using Kind = AutomationAction::Kind;
using Scope = AutomationRule::Scope;
using store::QueueTime;

constexpr std::size_t kMostReply = 300;

std::string shown(const ReplyFacts& reply) {
    if (reply.code == 0) return utf8::printable(reply.text, kMostReply);  // of many
    std::string text = std::to_string(reply.code);
    if (reply.status) text += ' ' + reply.status->to_string();
    return utf8::printable(text + ' ' + reply.text.substr(0, kMostReply), kMostReply);
}

std::string_view name_of(Scope scope) {
    switch (scope) {
        case Scope::path:
            return "path";
        case Scope::source_and_provider:
            return "source+provider";
        case Scope::account_and_site:
            return "account+site";
    }
    std::unreachable();
}

bool fits(const PathName& scope, const PathName& path) {
    const auto same = [](const std::string& mine, const std::string& theirs) {
        return mine.empty() || mine == theirs;
    };
    return same(scope.provider, path.provider) && same(scope.site, path.site) &&
           scope.source == (scope.account.empty() ? path.source : scope.source) &&
           same(scope.account, path.account);
}

std::string applies_to(const PathName& path) {
    std::string text = path.account.empty() ? "all mail" : "mail of " + path.account;
    if (!path.provider.empty()) text += " to " + path.provider;
    if (!path.site.empty()) text += " to " + path.site;
    if (!path.source.empty()) text += " from " + path.source;
    return text;
}

std::string describe_actions(const std::vector<AutomationAction>& actions) {
    std::string text;
    const auto add = [&](std::string_view what) {
        if (!text.empty()) text += ", ";
        text += what;
    };
    for (const AutomationAction& action : actions) {
        switch (action.kind) {
            case Kind::suspend:
                add("nothing is sent");
                break;
            case Kind::suspend_account:
                add("nothing of this account is sent");
                break;
            case Kind::slow_account:
                add(fmt::format("{} of this account at most", action.rate.to_string()));
                break;
            case Kind::bounce_account:
                add("what this account sends comes back");
                break;
            case Kind::set:
                add(fmt::format("{} = {}", action.option, action.value));
                break;
            case Kind::use_other_source:
                add("another source address is used");
                break;
            case Kind::notify:
                add("the administrator is told");
                break;
            case Kind::treat_as_temporary:
            case Kind::treat_as_permanent:
            case Kind::retry_after:
                break;  // of a single reply: nothing stays in force
        }
    }
    return text;
}

// Whether something stays in force beyond the reply itself.
bool lasts(const AutomationRule& rule) {
    return std::ranges::any_of(rule.actions, [](const AutomationAction& action) {
        return action.kind == Kind::suspend || action.kind == Kind::suspend_account ||
               action.kind == Kind::slow_account || action.kind == Kind::bounce_account ||
               action.kind == Kind::set || action.kind == Kind::use_other_source ||
               action.kind == Kind::notify;
    });
}

std::string text_of(const JsonValue& value, std::string_view key) {
    const JsonValue* found = value.find(key);
    return found == nullptr ? std::string()
                            : std::string(found->as_string().value_or(std::string_view()));
}

std::int64_t number_of(const JsonValue& value, std::string_view key) {
    const JsonValue* found = value.find(key);
    return found == nullptr ? 0 : found->as_int().value_or(0);
}

}  // namespace

PathName scoped(Scope scope, const PathName& path) {
    switch (scope) {
        case Scope::path:
            return {"", path.site, path.source, ""};
        case Scope::source_and_provider:
            if (path.provider.empty()) return {"", path.site, path.source, ""};
            return {path.provider, "", path.source, ""};
        case Scope::account_and_site:
            return {"", path.site, "", path.account};
    }
    std::unreachable();
}

std::string key_of(const std::string& rule, const PathName& path) {
    std::string key = rule;
    for (const std::string* part : {&path.provider, &path.site, &path.source, &path.account}) {
        if (!part->empty()) key += ' ' + *part;
    }
    return key;
}

Automation::Automation(std::shared_ptr<const AutomationRules> rules,
                       std::shared_ptr<const VerdictRules> verdicts, QueueNow now, Log& log)
    : rules_(std::move(rules)), verdicts_(std::move(verdicts)), now_(std::move(now)), log_(log) {}

Result<void> Automation::load(store::Engine& engine) {
    PH_TRY(const auto rows, engine.kept(kKind));
    restore(rows);
    return {};
}

void Automation::restore(const std::vector<store::KeptRow>& rows) {
    const QueueTime now = now_();
    const MutexLock lock(mutex_);
    for (const store::KeptRow& row : rows) {
        const auto value = JsonValue::parse(row.value);
        if (!value) continue;
        const std::string id = text_of(*value, "rule");
        const auto rule = std::ranges::find_if(
            rules_->all(), [&](const AutomationRule& other) { return other.match.id == id; });
        if (rule == rules_->all().end()) continue;
        Entry entry;
        entry.rule = static_cast<std::size_t>(rule - rules_->all().begin());
        entry.path = {text_of(*value, "provider"), text_of(*value, "site"),
                      text_of(*value, "source"), text_of(*value, "account")};
        entry.until = QueueTime(Milliseconds(number_of(*value, "until")));
        entry.since = Timestamp(Milliseconds(number_of(*value, "since")));
        entry.first_reply = text_of(*value, "first");
        entry.last_reply = text_of(*value, "last");
        entry.last_host = text_of(*value, "host");
        entry.replies =
            static_cast<std::uint64_t>(std::max<std::int64_t>(number_of(*value, "replies"), 0));
        // A rule that is shorter now does not hold for longer than it says.
        entry.until = std::min(entry.until, now + rule->duration);
        if (entry.until <= now || entries_.size() >= kMostOverrides) continue;
        entries_.emplace(row.key, std::move(entry));
    }
}

void Automation::drop_expired(QueueTime now) {
    for (auto at = entries_.begin(); at != entries_.end();) {
        if (at->second.until > now) {
            ++at;
            continue;
        }
        log_.info("override.ended", {{"id", at->first}});
        changed_.insert(at->first);
        at = entries_.erase(at);
    }
}

// Whether the rule's number of replies within its time is reached by this one.
bool Automation::count(const std::string& key, const AutomationRule& rule, const std::string& text,
                       QueueTime now, std::string& first) {
    if (rule.count == 1) {
        first = text;
        return true;
    }
    if (counters_.size() >= kMostCounters && !counters_.contains(key)) {
        // The one whose last reply is the oldest goes: it is the furthest from its number.
        const auto oldest = std::ranges::min_element(
            counters_, {}, [](const auto& pair) { return pair.second.times.back(); });
        counters_.erase(oldest);
    }
    Counter& counter = counters_[key];
    while (!counter.times.empty() && counter.times.front() <= now - rule.per) {
        counter.times.pop_front();
    }
    if (counter.times.empty()) counter.first_reply = text;
    counter.times.push_back(now);
    first = counter.first_reply;
    if (counter.times.size() < rule.count) return false;
    counters_.erase(key);
    return true;
}

void Automation::begin(const std::string& key, std::size_t number, const PathName& path,
                       const ReplyFacts& reply, const std::string& first, Effect& effect) {
    const AutomationRule& rule = rules_->all()[number];
    const QueueTime now = now_();
    const auto found = entries_.find(key);
    const bool is_new = found == entries_.end();
    if (is_new && entries_.size() >= kMostOverrides) {
        const auto soonest = std::ranges::min_element(
            entries_, {}, [](const auto& pair) { return pair.second.until; });
        changed_.insert(soonest->first);
        entries_.erase(soonest);
    }
    Entry& entry = entries_[key];
    if (is_new) {
        entry.rule = number;
        entry.path = path;
        entry.since = posthaste::now();
        entry.first_reply = first;
        entry.replies = rule.count - 1;
    }
    entry.until = now + rule.duration;
    entry.last_reply = shown(reply);
    entry.last_host = reply.host;
    ++entry.replies;
    changed_.insert(key);
    effect.began = true;
    if (!is_new) return;
    const bool alarm = std::ranges::any_of(
        rule.actions, [](const AutomationAction& action) { return action.kind == Kind::notify; });
    const std::string until = format_duration(rule.duration);
    if (alarm) {
        log_.error("delivery.alarm", {{"rule", rule.match.id},
                                      {"what", applies_to(path)},
                                      {"host", reply.host},
                                      {"reply", entry.last_reply},
                                      {"why", rule.note},
                                      {"mend", "posthaste explain \"the reply\" says what to do"}});
    }
    log_.warning("override.began",
                 {{"id", key},
                  {"what", describe_actions(rule.actions)},
                  {"applies", applies_to(path)},
                  {"for", until},
                  {"reply", entry.last_reply},
                  {"mend", "posthaste overrides list shows it, overrides clear ends it"}});
}

Automation::Effect Automation::observe(const ReplyFacts& reply, mail::Cause cause,
                                       const PathName& path) {
    Effect effect;
    if (reply.code < 400) return effect;
    const auto found = rules_->find(reply, verdicts_->provider_of(reply.host), cause);
    if (found.empty()) return effect;
    const QueueTime now = now_();
    const std::string text = shown(reply);
    const MutexLock lock(mutex_);
    for (const std::size_t number : found) {
        const AutomationRule& rule = rules_->all()[number];
        if (rule.scope == Scope::account_and_site && path.account.empty()) continue;
        const PathName scope = scoped(rule.scope, path);
        const std::string key = key_of(rule.match.id, scope);
        std::string first;
        if (!count(key, rule, text, now, first)) continue;
        if (lasts(rule)) begin(key, number, scope, reply, first, effect);
        for (const AutomationAction& action : rule.actions) {
            if (action.kind == Kind::treat_as_temporary) effect.temporary = true;
            if (action.kind == Kind::treat_as_permanent) effect.permanent = true;
            if (action.kind == Kind::retry_after) effect.retry_after = action.wait;
        }
    }
    return effect;
}

PathOverrides Automation::of(const PathName& path) const {
    PathOverrides overrides;
    const QueueTime now = now_();
    const SteadyTime steady = std::chrono::steady_clock::now();
    const MutexLock lock(mutex_);
    overrides.whole_path = false;
    for (const auto& [key, entry] : entries_) {
        if (entry.until <= now || !fits(entry.path, path)) continue;
        const AutomationRule& rule = rules_->all()[entry.rule];
        if (rule.bulk && !path.bulk) continue;
        const SteadyTime until = steady + (entry.until - now);
        for (const AutomationAction& action : rule.actions) {
            const bool of_account =
                action.kind == Kind::suspend_account ||
                (action.kind == Kind::suspend && rule.scope == Scope::account_and_site);
            if (action.kind == Kind::suspend || action.kind == Kind::suspend_account) {
                // The whole path's is told before that of an account, then the longest.
                const bool more =
                    !overrides.suspended_until || (!of_account && !overrides.whole_path) ||
                    (of_account != overrides.whole_path && until > *overrides.suspended_until);
                if (more) {
                    overrides.suspended_until = until;
                    overrides.suspended_by = rule.match.id;
                    overrides.whole_path = !of_account;
                }
            } else if (action.kind == Kind::set) {
                overrides.options.push_back({action.option, action.value, rule.match.id});
            } else if (action.kind == Kind::slow_account) {
                overrides.account_rate = action.rate;
                overrides.slowed_by = rule.match.id;
            } else if (action.kind == Kind::bounce_account) {
                overrides.account_returned_by = rule.match.id;
                overrides.account_reply = entry.last_reply;
            } else if (action.kind == Kind::use_other_source) {
                overrides.use_other_source = true;
            }
        }
    }
    if (!overrides.suspended_until) overrides.whole_path = true;
    return overrides;
}

ActiveOverride Automation::describe(const std::string& key, const Entry& entry,
                                    QueueTime now) const {
    const AutomationRule& rule = rules_->all()[entry.rule];
    ActiveOverride active;
    active.id = key;
    active.rule = rule.match.id;
    active.scope = name_of(rule.scope);
    active.applies = applies_to(entry.path);
    active.what = describe_actions(rule.actions);
    active.note = rule.note;
    active.first_reply = entry.first_reply;
    active.last_reply = entry.last_reply;
    active.last_host = entry.last_host;
    active.replies = entry.replies;
    active.since = entry.since;
    active.left = std::chrono::ceil<Seconds>(entry.until - now);
    return active;
}

std::vector<ActiveOverride> Automation::list() const {
    const QueueTime now = now_();
    const MutexLock lock(mutex_);
    std::vector<ActiveOverride> all;
    for (const auto& [key, entry] : entries_) {
        if (entry.until > now) all.push_back(describe(key, entry, now));
    }
    return all;
}

std::size_t Automation::clear(std::string_view which) {
    const MutexLock lock(mutex_);
    std::size_t cleared = 0;
    for (auto at = entries_.begin(); at != entries_.end();) {
        const auto& [key, entry] = *at;
        const bool meant =
            which.empty() || key == which || rules_->all()[entry.rule].match.id == which ||
            entry.path.provider == which || entry.path.site == which || entry.path.account == which;
        if (!meant) {
            ++at;
            continue;
        }
        log_.info("override.cleared", {{"id", key}});
        counters_.erase(key);
        changed_.insert(key);
        at = entries_.erase(at);
        ++cleared;
    }
    return cleared;
}

void Automation::take_changes(store::Changes& into, std::size_t most) {
    const QueueTime now = now_();
    const MutexLock lock(mutex_);
    drop_expired(now);
    while (most > 0 && !changed_.empty()) {
        const std::string key = std::move(changed_.extract(changed_.begin()).value());
        --most;
        const auto found = entries_.find(key);
        if (found == entries_.end()) {
            into.push_back(store::RemoveKept{std::string(kKind), key});
            continue;
        }
        const Entry& entry = found->second;
        JsonWriter json;
        json.begin_object()
            .member("rule", rules_->all()[entry.rule].match.id)
            .member("provider", entry.path.provider)
            .member("site", entry.path.site)
            .member("source", entry.path.source)
            .member("account", entry.path.account)
            .member("until", entry.until.time_since_epoch().count())
            .member("since", entry.since.time_since_epoch().count())
            .member("first", entry.first_reply)
            .member("last", entry.last_reply)
            .member("host", entry.last_host)
            .member("replies", entry.replies)
            .end_object();
        // The wall clock may be wrong: queue time decides, the row just does not stay for ever.
        into.push_back(store::PutKept{{std::string(kKind), key, std::move(json).take(),
                                       posthaste::now() + std::chrono::days(60)}});
    }
}

}  // namespace posthaste::delivery
