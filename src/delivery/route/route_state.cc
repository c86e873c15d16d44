#include "delivery/route/route_state.h"

#include <algorithm>
#include <array>

namespace posthaste::delivery {

namespace {

constexpr unsigned kEnough = 3;
constexpr std::array<Seconds, 5> kRests{std::chrono::minutes(1), std::chrono::minutes(2),
                                        std::chrono::minutes(4), std::chrono::minutes(8),
                                        std::chrono::minutes(15)};

constexpr std::size_t kMost = 10'000;
constexpr auto kForgotten = std::chrono::hours(1);

}  // namespace

void RouteState::failed(const std::string& site, unsigned enough, SteadyTime now) {
    MutexLock lock(mutex_);
    if (states_.size() >= kMost) {
        std::erase_if(states_,
                      [now](const auto& item) { return now - item.second.seen > kForgotten; });
        if (states_.size() >= kMost) states_.clear();
    }
    State& state = states_[site];
    state.seen = now;
    if (state.down_until > now) return;  // of attempts that were under way
    if (++state.failures < std::max(kEnough, enough)) return;
    state.down_until = now + kRests[std::min<std::size_t>(state.rests, kRests.size() - 1)];
    ++state.rests;
}

void RouteState::worked(const std::string& site) {
    MutexLock lock(mutex_);
    if (!states_.empty()) states_.erase(site);
}

bool RouteState::is_down(const std::string& site, SteadyTime now) const {
    MutexLock lock(mutex_);
    const auto found = states_.find(site);
    return found != states_.end() && found->second.down_until > now;
}

}  // namespace posthaste::delivery
