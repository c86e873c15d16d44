// Sources: which of our addresses mail leaves from. A message keeps its source from attempt to
// attempt, since greylisting knows a sender by its address (delivery.md 0.12); one whose address
// this machine does not have (any more) is left alone for a while, said once, and the others take
// its share (O-3). Thread-safe.
#pragma once

#include "base/log.h"
#include "base/mutex.h"
#include "delivery/delivery.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::delivery {

class Sources {
  public:
    Sources(std::vector<Source> all, std::vector<std::string> usual, Log& log);

    enum class Family { v4, v6 };

    struct Wish {
        const std::vector<std::string>& pool;  // names; empty: the usual one
        std::string_view key;                  // the same for all attempts of a message
        Family family = Family::v4;
        std::string_view not_this = {};  // a source that another is preferred to
        std::string_view first = {};     // the one to use, as long as it can be
    };

    // Null: none of the pool can be used now, or there is no pool (`has_pool`), and the system
    // chooses.
    const Source* choose(const Wish& wish, SteadyTime now) const;

    bool has_pool(const std::vector<std::string>& pool) const {
        return !pool.empty() || !usual_.empty();
    }

    // Which of a pool's sources a message belongs to, whatever their state and the family; empty
    // where there is no choice.
    std::string_view home_of(const std::vector<std::string>& pool, std::string_view key) const;

    // All of a pool that have an address of that family, whatever their state.
    bool pool_has(const std::vector<std::string>& pool, Family family) const;

    // Our address could not be bound.
    void not_here(const Source& source, const IpAddress& address, const std::string& why,
                  SteadyTime now);
    void works(const Source& source);

    std::optional<SteadyTime> suspended_until(const Source& source, SteadyTime now) const;

    const std::vector<Source>& all() const { return all_; }

    // The names of a pool's sources.
    const std::vector<std::string>& names_of(const std::vector<std::string>& pool) const {
        return pool.empty() ? usual_ : pool;
    }

    static constexpr Seconds kRest{300};

  private:
    const Source* find(std::string_view name) const;

    const std::vector<Source> all_;
    const std::vector<std::string> usual_;
    Log& log_;
    mutable Mutex mutex_;
    std::map<std::string, SteadyTime, std::less<>> resting_ PH_GUARDED_BY(mutex_);  // until then
};

std::optional<IpAddress> address_of(const Source& source, bool v4);

}  // namespace posthaste::delivery
