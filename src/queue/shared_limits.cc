#include "queue/shared_limits.h"

#include "base/assert.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

// Between two sites of one line at least, however fast the rate: who comes first takes all that is
// there.
constexpr Milliseconds kShortestTurn{10};
constexpr std::size_t kMostIdle = 10'000;

}  // namespace

SharedLimits::Hold SharedLimits::acquire(const std::vector<Cap>& caps,
                                         const std::vector<Pace>& paces) {
    Hold hold;
    for (const Cap& cap : caps) {
        if (cap.most == 0) continue;
        const Handle handle = cap_names_.acquire(cap.name);
        if (handle >= caps_.size()) caps_.resize(handle + 1);
        CapState& state = caps_[handle];
        const bool wider = cap.most > state.most;
        state.most = cap.most;
        if (wider) {
            for (std::size_t n = state.line.size(); n > 0; --n) wake_one(state);
        }
        hold.caps.push_back(handle);
    }
    for (const Pace& pace : paces) {
        if (pace.limit.count == 0) continue;
        const Handle handle = pace_names_.acquire(pace.name);
        if (handle >= paces_.size()) paces_.resize(handle + 1);
        paces_[handle].limit = pace.limit;
        paces_[handle].messages = pace.messages;
        hold.paces.push_back(handle);
    }
    return hold;
}

void SharedLimits::release(const Hold& hold) {
    for (const Handle handle : hold.caps) cap_names_.release(handle);
    for (const Handle handle : hold.paces) pace_names_.release(handle);
    if (cap_names_.idle() + pace_names_.idle() > kMostIdle) {
        forget_idle(std::chrono::steady_clock::now());
    }
}

void SharedLimits::forget_idle(SteadyTime now) {
    cap_names_.collect([this](Handle handle) {
        if (caps_[handle].running > 0 || !caps_[handle].line.empty()) return false;
        caps_[handle] = {};
        return true;
    });
    pace_names_.collect([this, now](Handle handle) {
        const PaceState& state = paces_[handle];
        if (!state.line.empty() || state.alarm || !state.gcra.at_rest(now)) return false;
        paces_[handle] = {};
        return true;
    });
}

std::size_t SharedLimits::grant(const Hold& hold, SteadyTime now, std::size_t wanted) const {
    for (const Handle handle : hold.caps) {
        if (caps_[handle].running >= caps_[handle].most) return 0;
    }
    std::uint64_t granted = wanted;
    for (const Handle handle : hold.paces) {
        const PaceState& pace = paces_[handle];
        if (!pace.messages) {
            granted = pace.gcra.available(pace.limit, now, granted);
        } else if (pace.gcra.available(pace.limit, now, 1) == 0) {
            return 0;
        }
    }
    return static_cast<std::size_t>(granted);
}

void SharedLimits::start(const Hold& hold, SteadyTime now, std::size_t recipients) {
    for (const Handle handle : hold.caps) ++caps_[handle].running;
    for (const Handle handle : hold.paces) {
        PaceState& pace = paces_[handle];
        pace.gcra.take(pace.limit, now, pace.messages ? 1 : recipients);
    }
}

void SharedLimits::wake_one(CapState& cap) {
    if (cap.line.empty()) return;
    woken_.push_back(cap.line.front());
    cap.line.pop_front();
}

void SharedLimits::end(const Hold& hold) {
    for (const Handle handle : hold.caps) {
        CapState& cap = caps_[handle];
        PH_ASSERT(cap.running > 0);
        --cap.running;
        if (cap.running < cap.most) wake_one(cap);
    }
}

void SharedLimits::park(const Hold& hold, Handle site, SteadyTime now) {
    for (const Handle handle : hold.caps) {
        if (caps_[handle].running < caps_[handle].most) continue;
        caps_[handle].line.push_back(site);
        return;
    }
    for (const Handle handle : hold.paces) {
        PaceState& pace = paces_[handle];
        if (pace.gcra.available(pace.limit, now, 1) > 0) continue;
        pace.line.push_back(site);
        pass(hold);
        if (!pace.alarm) set_alarm(handle, pace.gcra.next(pace.limit, now));
        return;
    }
    woken_.push_back(site);  // nothing keeps it any more
}

void SharedLimits::pass(const Hold& hold) {
    for (const Handle handle : hold.caps) {
        if (caps_[handle].running < caps_[handle].most) wake_one(caps_[handle]);
    }
}

void SharedLimits::leave(const Hold& hold, Handle site) {
    for (const Handle handle : hold.caps) std::erase(caps_[handle].line, site);
    for (const Handle handle : hold.paces) std::erase(paces_[handle].line, site);
    std::erase(woken_, site);
    pass(hold);
}

void SharedLimits::set_alarm(Handle handle, SteadyTime at) {
    PaceState& pace = paces_[handle];
    if (pace.alarm) alarms_.erase({*pace.alarm, handle});
    pace.alarm = at;
    alarms_.emplace(at, handle);
}

std::vector<Handle> SharedLimits::take_woken(SteadyTime now) {
    while (!alarms_.empty() && alarms_.begin()->first <= now) {
        const Handle handle = alarms_.begin()->second;
        alarms_.erase(alarms_.begin());
        PaceState& pace = paces_[handle];
        pace.alarm.reset();
        if (pace.line.empty()) continue;
        woken_.push_back(pace.line.front());
        pace.line.pop_front();
        if (pace.line.empty()) continue;
        // The next one in the line has its turn when this one has taken what there is.
        const auto turn = SteadyTime::duration(pace.limit.period) /
                          static_cast<std::int64_t>(std::max<std::uint64_t>(pace.limit.count, 1));
        set_alarm(handle, now + std::max<SteadyTime::duration>(turn, kShortestTurn));
    }
    return std::exchange(woken_, {});
}

std::optional<SteadyTime> SharedLimits::next_wake() const {
    if (!woken_.empty()) return SteadyTime{};
    if (alarms_.empty()) return std::nullopt;
    return alarms_.begin()->first;
}

bool SharedLimits::full(const Hold& hold) const {
    return std::ranges::any_of(hold.caps,
                               [this](Handle h) { return caps_[h].running >= caps_[h].most; });
}

bool SharedLimits::others_wait(const Hold& hold) const {
    return std::ranges::any_of(hold.caps, [this](Handle h) { return !caps_[h].line.empty(); });
}

}  // namespace posthaste::queue
