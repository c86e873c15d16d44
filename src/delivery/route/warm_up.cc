#include "delivery/route/warm_up.h"

#include "formats/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using formats::JsonValue;
using formats::JsonWriter;
using store::QueueTime;

constexpr std::size_t kMostStates = 1000;       // sources times providers
constexpr std::uint64_t kMostGrown = 60;        // 1.5^60 is beyond any final
constexpr std::uint64_t kPartOfDeferrals = 20;  // 5 %
constexpr auto kKeptFor = std::chrono::days(365);

std::string key_of(std::string_view source, std::string_view provider) {
    return fmt::format("{} {}", source, provider);
}

std::uint64_t number_of(const JsonValue& value, std::string_view key) {
    const JsonValue* found = value.find(key);
    const std::int64_t number = found == nullptr ? 0 : found->as_int().value_or(0);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0));
}

std::uint64_t days_before(const WarmUpPlan& plan) {
    if (!plan.since) return 0;
    const auto days = std::chrono::floor<std::chrono::days>(posthaste::now() - *plan.since).count();
    return static_cast<std::uint64_t>(
        std::clamp<std::int64_t>(days, 0, static_cast<std::int64_t>(kMostGrown)));
}

}  // namespace

WarmUp::WarmUp(Plans plans, QueueNow now) : plans_(std::move(plans)), now_(std::move(now)) {}

Result<void> WarmUp::load(store::Engine& engine) {
    PH_TRY(const auto rows, engine.kept(kKind));
    restore(rows);
    return {};
}

void WarmUp::restore(const std::vector<store::KeptRow>& rows) {
    const QueueTime now = now_();
    const MutexLock lock(mutex_);
    for (const store::KeptRow& row : rows) {
        const auto value = JsonValue::parse(row.value);
        const std::string source = row.key.substr(0, row.key.find(' '));
        if (!value || !plans_.contains(source) || states_.size() >= kMostStates) continue;
        State state;
        // A day that begins in the future would never end.
        state.day_began = std::min(
            QueueTime(Milliseconds(static_cast<std::int64_t>(number_of(*value, "day")))), now);
        state.grown = std::min(number_of(*value, "grown"), kMostGrown);
        state.sent = number_of(*value, "sent");
        state.words = number_of(*value, "words");
        state.deferrals = number_of(*value, "deferrals");
        state.blocked = number_of(*value, "blocked") != 0;
        state.next =
            std::min(QueueTime(Milliseconds(static_cast<std::int64_t>(number_of(*value, "next")))),
                     now + kDay);
        states_.emplace(row.key, state);
    }
}

std::uint64_t WarmUp::cap_of(const WarmUpPlan& plan, const State& state) {
    double cap = static_cast<double>(std::max<std::uint64_t>(plan.start, 1));
    const auto final = static_cast<double>(plan.final);
    for (std::uint64_t i = 0; i < state.grown && cap < final; ++i) cap *= 1.5;
    return static_cast<std::uint64_t>(std::min(cap, std::max(final, 1.0)));
}

bool WarmUp::went_badly(const State& state) {
    return state.blocked || state.deferrals * kPartOfDeferrals > state.words;
}

// What the days since have made of it: one that was used and went well lets the next be larger.
void WarmUp::begin_days(const WarmUpPlan& plan, State& state, QueueTime now) {
    if (now < state.day_began + kDay) return;
    if (state.sent > 0 && !went_badly(state) && cap_of(plan, state) < plan.final) ++state.grown;
    state.sent = state.words = state.deferrals = 0;
    state.blocked = false;
    state.day_began += (now - state.day_began) / Milliseconds(kDay) * Milliseconds(kDay);
    state.next = std::min(state.next, now);
}

// Null: nothing is kept to there.
WarmUp::State* WarmUp::state_of(std::string_view source, std::string_view provider) {
    const auto plan = plans_.find(source);
    if (plan == plans_.end() || provider.empty()) return nullptr;
    const QueueTime now = now_();
    const std::string key = key_of(source, provider);
    auto found = states_.find(key);
    if (found == states_.end()) {
        if (states_.size() >= kMostStates) return nullptr;
        State fresh;
        fresh.day_began = now;
        fresh.grown = days_before(plan->second);
        found = states_.emplace(key, fresh).first;
    }
    begin_days(plan->second, found->second, now);
    return cap_of(plan->second, found->second) >= plan->second.final ? nullptr : &found->second;
}

bool WarmUp::is_warm(std::string_view source, std::string_view provider) {
    const MutexLock lock(mutex_);
    return state_of(source, provider) == nullptr;
}

std::optional<Seconds> WarmUp::take(std::string_view source, std::string_view provider,
                                    std::uint64_t recipients) {
    const MutexLock lock(mutex_);
    State* state = state_of(source, provider);
    if (state == nullptr) return std::nullopt;
    const QueueTime now = now_();
    const std::uint64_t cap = cap_of(plans_.find(source)->second, *state);
    const auto wait = [now](QueueTime until) {
        return std::max(std::chrono::ceil<Seconds>(until - now), Seconds(1));
    };
    if (state->sent >= cap || state->next > now) waited_.add();
    if (state->sent >= cap) return wait(state->day_began + kDay);
    if (state->next > now) return wait(state->next);
    state->sent += recipients;
    sent_.add(recipients);
    state->next = now + Milliseconds(kDay) * static_cast<std::int64_t>(recipients) /
                            static_cast<std::int64_t>(cap);
    changed_.insert(key_of(source, provider));
    return std::nullopt;
}

void WarmUp::heard(std::string_view source, std::string_view provider, Word word) {
    const MutexLock lock(mutex_);
    State* state = state_of(source, provider);
    if (state == nullptr) return;
    ++state->words;
    if (word == Word::block_deferral) ++state->deferrals;
    if (word == Word::block) state->blocked = true;
    changed_.insert(key_of(source, provider));
}

void WarmUp::register_metrics(MetricsRegistry& registry) const {
    registry.add("posthaste_warm_up_recipients_total",
                 "recipients sent to from addresses that were being warmed up", sent_);
    registry.add("posthaste_warm_up_waits_total",
                 "times that mail waited for an address being warmed up, or left from another",
                 waited_);
}

std::vector<WarmUp::Told> WarmUp::list() {
    const QueueTime now = now_();
    const MutexLock lock(mutex_);
    std::vector<Told> all;
    for (auto& [key, state] : states_) {
        const auto space = key.find(' ');
        const auto plan = plans_.find(std::string_view(key).substr(0, space));
        if (plan == plans_.end()) continue;
        begin_days(plan->second, state, now);
        Told told{plan->first, key.substr(space + 1), cap_of(plan->second, state),
                  state.sent,  state.grown + 1,       plan->second.final,
                  {}};
        if (told.cap >= told.final) continue;
        if (state.blocked) {
            told.held_back = "mail was refused as blocked today";
        } else if (went_badly(state)) {
            told.held_back = "more than 5 % of today's mail was put off as unwanted";
        }
        all.push_back(std::move(told));
    }
    return all;
}

void WarmUp::take_changes(store::Changes& into, std::size_t most) {
    const MutexLock lock(mutex_);
    while (most > 0 && !changed_.empty()) {
        const std::string key = std::move(changed_.extract(changed_.begin()).value());
        const auto found = states_.find(key);
        if (found == states_.end()) continue;
        --most;
        const State& state = found->second;
        JsonWriter json;
        json.begin_object()
            .member("day", state.day_began.time_since_epoch().count())
            .member("grown", state.grown)
            .member("sent", state.sent)
            .member("words", state.words)
            .member("deferrals", state.deferrals)
            .member("blocked", state.blocked ? 1 : 0)
            .member("next", state.next.time_since_epoch().count())
            .end_object();
        into.push_back(store::PutKept{
            {std::string(kKind), key, std::move(json).take(), posthaste::now() + kKeptFor}});
    }
}

}  // namespace posthaste::delivery
