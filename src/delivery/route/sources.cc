#include "delivery/route/sources.h"

#include <algorithm>
#include <cmath>

namespace posthaste::delivery {

namespace {

// FNV-1a, mixed once more so that near keys are far apart (the finalizer of MurmurHash3).
std::uint64_t hash(std::string_view key, std::string_view name) {
    std::uint64_t h = 0xcbf29ce484222325U;
    const auto add = [&h](std::string_view text) {
        for (const char c : text) {
            h ^= static_cast<unsigned char>(c);
            h *= 0x100000001b3U;
        }
    };
    add(key);
    add(std::string_view("\0", 1));
    add(name);
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdU;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53U;
    return h ^ (h >> 33);
}

// Rendezvous hashing by weight: when one goes, the others keep what they have.
double score(std::string_view key, const Source& source) {
    const double uniform =
        (static_cast<double>(hash(key, source.name) >> 11) + 0.5) / 9007199254740992.0;  // 2^53
    return -static_cast<double>(source.weight) / std::log(uniform);
}

}  // namespace

std::optional<IpAddress> address_of(const Source& source, bool v4) {
    return v4 ? source.v4 : source.v6;
}

Sources::Sources(std::vector<Source> all, std::vector<std::string> usual, Log& log)
    : all_(std::move(all)), usual_(std::move(usual)), log_(log) {}

const Source* Sources::find(std::string_view name) const {
    const auto found = std::ranges::find(all_, name, &Source::name);
    return found == all_.end() ? nullptr : &*found;
}

const Source* Sources::choose(const Wish& wish, SteadyTime now) const {
    const Source* best = nullptr;
    const Source* second = nullptr;  // if nothing but `not_this` is left
    double best_score = -1;
    MutexLock lock(mutex_);
    for (const std::string& name : names_of(wish.pool)) {
        const Source* source = find(name);
        if (source == nullptr || !address_of(*source, wish.family == Family::v4)) continue;
        const auto resting = resting_.find(name);
        if (resting != resting_.end() && resting->second > now) continue;
        if (name == wish.first && name != wish.not_this) return source;
        if (name == wish.not_this) {
            second = source;
            continue;
        }
        const double its = score(wish.key, *source);
        if (its <= best_score) continue;
        best = source;
        best_score = its;
    }
    return best != nullptr ? best : second;
}

std::string_view Sources::home_of(const std::vector<std::string>& pool,
                                  std::string_view key) const {
    const auto& names = names_of(pool);
    if (names.size() < 2) return {};
    std::string_view best;
    double best_score = -1;
    for (const std::string& name : names) {
        const Source* source = find(name);
        if (source == nullptr) continue;
        const double its = score(key, *source);
        if (its <= best_score) continue;
        best = name;
        best_score = its;
    }
    return best;
}

bool Sources::pool_has(const std::vector<std::string>& pool, Family family) const {
    return std::ranges::any_of(names_of(pool), [&](const std::string& name) {
        const Source* source = find(name);
        return source != nullptr && address_of(*source, family == Family::v4).has_value();
    });
}

void Sources::not_here(const Source& source, const IpAddress& address, const std::string& why,
                       SteadyTime now) {
    {
        MutexLock lock(mutex_);
        const auto [known, is_new] = resting_.try_emplace(source.name, now + kRest);
        known->second = now + kRest;
        if (!is_new) return;  // said already, and not mended since
    }
    log_.error("source.not_here",
               {{"source", source.name},
                {"address", address.to_string()},
                {"why", why},
                {"mend",
                 "give this machine the address (ip address add …), or take the [[source]] "
                 "out of the configuration; it is looked at again every 5 minutes"}});
}

void Sources::works(const Source& source) {
    MutexLock lock(mutex_);
    if (resting_.empty() || resting_.erase(source.name) == 0) return;
    log_.info("source.here", {{"source", source.name}});
}

std::optional<SteadyTime> Sources::suspended_until(const Source& source, SteadyTime now) const {
    MutexLock lock(mutex_);
    const auto found = resting_.find(source.name);
    if (found == resting_.end() || found->second <= now) return std::nullopt;
    return found->second;
}

}  // namespace posthaste::delivery
