// The resolver's cache and its queries under way. Thread-safe.
#pragma once

#include "base/mutex.h"
#include "net/detail/dns_answer.h"
#include "runtime/callback.h"

#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace posthaste::net::detail {

class DnsCache {
  public:
    using Waiting = runtime::Callback<DnsAnswerPtr>;

    // `max_entries` bounds the answers kept (the least used is forgotten) and, each on its own, the
    // queries under way.
    explicit DnsCache(std::size_t max_entries) : max_entries_(max_entries) {}

    // What to do for somebody who asks.
    struct Look {
        DnsAnswerPtr answer;  // known: nothing to do
        std::optional<Waiting>
            waiting;         // else: wait for this; nothing when too many queries are under way
        bool start = false;  // and the caller must ask, then call `land`
    };

    Look look(DnsType type, const std::string& name, SteadyTime moment);

    // The answer has come: keeps it until `until` and gives it to all who wait.
    void land(DnsType type, const std::string& name, DnsAnswerPtr answer, SteadyTime until);

    void clear();  // what is kept
    std::size_t size() const;

  private:
    struct Key {
        DnsType type;
        std::string name;
        bool operator==(const Key&) const = default;
    };

    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept {
            return std::hash<std::string>()(key.name) * 31 + static_cast<std::size_t>(key.type);
        }
    };

    struct Entry {
        Key key;
        DnsAnswerPtr answer;
        SteadyTime until;
    };

    using Entries = std::list<Entry>;  // last used first

    const std::size_t max_entries_;
    mutable Mutex mutex_;
    Entries entries_ PH_GUARDED_BY(mutex_);
    std::unordered_map<Key, Entries::iterator, KeyHash> by_key_ PH_GUARDED_BY(mutex_);
    std::unordered_map<Key, std::vector<Waiting>, KeyHash> under_way_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::net::detail
