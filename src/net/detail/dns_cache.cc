#include "net/detail/dns_cache.h"

namespace posthaste::net::detail {

namespace {

constexpr std::size_t kUnderWayAtMost =
    4096;  // what libunbound is told to hold (num-queries-per-thread)

}  // namespace

DnsCache::Look DnsCache::look(DnsType type, const std::string& name, SteadyTime moment) {
    Key key{type, name};
    MutexLock lock(mutex_);
    auto found = by_key_.find(key);
    if (found != by_key_.end() && moment < found->second->until) {
        entries_.splice(entries_.begin(), entries_, found->second);
        return {found->second->answer, std::nullopt, false};
    }
    auto flight = under_way_.find(key);
    bool start = flight == under_way_.end();
    if (start) {
        if (under_way_.size() >= kUnderWayAtMost) return {};
        flight = under_way_.emplace(std::move(key), std::vector<Waiting>()).first;
    }
    return {nullptr, flight->second.emplace_back(), start};
}

void DnsCache::land(DnsType type, const std::string& name, DnsAnswerPtr answer, SteadyTime until) {
    std::vector<Waiting> waiting;
    {
        Key key{type, name};
        MutexLock lock(mutex_);
        if (auto flight = under_way_.find(key); flight != under_way_.end()) {
            waiting = std::move(flight->second);
            under_way_.erase(flight);
        }
        auto found = by_key_.find(key);
        if (found != by_key_.end()) {
            entries_.erase(found->second);
            by_key_.erase(found);
        }
        entries_.push_front({key, answer, until});
        by_key_.emplace(std::move(key), entries_.begin());
        if (entries_.size() > max_entries_) {
            by_key_.erase(entries_.back().key);
            entries_.pop_back();
        }
    }
    for (auto& one : waiting) one(answer);
}

void DnsCache::clear() {
    MutexLock lock(mutex_);
    by_key_.clear();
    entries_.clear();
}

std::size_t DnsCache::size() const {
    MutexLock lock(mutex_);
    return entries_.size();
}

}  // namespace posthaste::net::detail
