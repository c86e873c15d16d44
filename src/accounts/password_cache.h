// PasswordCache: logins that succeeded of late, by a keyed digest over login and password, so that
// a busy client pays for one Argon2 hash an hour. Bounded, least recently used goes first; forgets
// everything when the directory changes. Thread-safe.
#pragma once

#include "accounts/identity.h"
#include "accounts/keyed_digest.h"
#include "base/mutex.h"
#include "base/time.h"

#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

namespace posthaste::accounts {

class PasswordCache {
  public:
    PasswordCache(std::size_t entries, Seconds lifetime) : limit_(entries), lifetime_(lifetime) {}

    // `generation`: of the directory, now.
    std::optional<Identity> find(const Digest& key, std::uint64_t generation, SteadyTime now);

    // `generation`: of the directory when the password was looked at; an answer from before a
    // change is not kept.
    void put(const Digest& key, Identity identity, std::uint64_t generation, SteadyTime now);

    std::size_t size() const;

  private:
    struct Entry {
        Digest key;
        Identity identity;
        SteadyTime expires;
    };

    void follow(std::uint64_t generation) PH_REQUIRES(mutex_);

    const std::size_t limit_;
    const Seconds lifetime_;
    mutable Mutex mutex_;
    std::uint64_t generation_ PH_GUARDED_BY(mutex_) = 0;
    std::list<Entry> recent_ PH_GUARDED_BY(mutex_);  // most recently used first
    std::unordered_map<Digest, std::list<Entry>::iterator, DigestHash> by_key_
        PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::accounts
