#include "accounts/password_cache.h"

namespace posthaste::accounts {

void PasswordCache::follow(std::uint64_t generation) {
    if (generation <= generation_) return;
    generation_ = generation;
    by_key_.clear();
    recent_.clear();
}

std::optional<Identity> PasswordCache::find(const Digest& key, std::uint64_t generation,
                                            SteadyTime now) {
    MutexLock lock(mutex_);
    follow(generation);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    const auto entry = found->second;
    if (entry->expires <= now) {
        by_key_.erase(found);
        recent_.erase(entry);
        return std::nullopt;
    }
    recent_.splice(recent_.begin(), recent_, entry);
    return entry->identity;
}

void PasswordCache::put(const Digest& key, Identity identity, std::uint64_t generation,
                        SteadyTime now) {
    MutexLock lock(mutex_);
    follow(generation);
    if (generation < generation_ || limit_ == 0) return;
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
        recent_.erase(known->second);
        by_key_.erase(known);
    }
    if (recent_.size() == limit_) {
        by_key_.erase(recent_.back().key);
        recent_.pop_back();
    }
    recent_.push_front({key, std::move(identity), now + lifetime_});
    by_key_.emplace(key, recent_.begin());
}

std::size_t PasswordCache::size() const {
    MutexLock lock(mutex_);
    return recent_.size();
}

}  // namespace posthaste::accounts
