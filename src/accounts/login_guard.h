// LoginGuard: what failed logins add up to (clients.md 6.3.3; threats.md A5, A6).
//
// Only distinct wrong passwords count: one that is saved somewhere and is sent for ever is one
// mistake. A user for whom many were tried, from several networks, can for a while sign in with the
// password only from networks that had signed in before; app passwords are not concerned. A network
// from which many were tried, and from which nobody has signed in of late, is put off for a while.
// Nobody's name counts as a name of ours does, so that the answers do not tell them apart.
//
// Of a password it knows eight octets of a keyed digest. Bounded: an IPv6 /64 is one network, the
// least recently seen is forgotten first. Thread-safe.
#pragma once

#include "base/ip.h"
#include "base/ip_network.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "store/lazy_writer.h"
#include "store/store.h"

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace posthaste::accounts {

// A map of at most `limit` entries; whichever was not touched for longest goes first.
template <class Key, class Value>
class RecentMap {
  public:
    explicit RecentMap(std::size_t limit) : limit_(limit) {}

    Value& touch(const Key& key) {
        if (const auto found = by_key_.find(key); found != by_key_.end()) {
            recent_.splice(recent_.begin(), recent_, found->second);
            return found->second->second;
        }
        if (recent_.size() >= limit_) {
            by_key_.erase(recent_.back().first);
            recent_.pop_back();
        }
        recent_.emplace_front(key, Value());
        by_key_.emplace(key, recent_.begin());
        return recent_.front().second;
    }

    const Value* find(const Key& key) const {
        const auto found = by_key_.find(key);
        return found == by_key_.end() ? nullptr : &found->second->second;
    }

    std::size_t size() const { return recent_.size(); }

  private:
    using List = std::list<std::pair<Key, Value>>;
    const std::size_t limit_;
    List recent_;
    std::unordered_map<Key, typename List::iterator> by_key_;
};

class LoginGuard final : public store::LazySource {
  public:
    struct Options {
        std::size_t user_points = 10;     // distinct wrong passwords of a user within `window` …
        std::size_t user_networks = 2;    // … from so many networks: the lock
        std::size_t network_points = 50;  // distinct wrong passwords from a network: the ban
        Seconds window{3600};
        Seconds user_lock{900};
        Seconds network_ban{600};
        Seconds known_for{30 * 86'400};  // a success counts for so long
        Seconds notice_every{86'400};
        std::size_t users = 20'000;
        std::size_t networks = 20'000;
        std::size_t networks_of_user = 20;
        std::vector<IpNetwork> trusted{};  // never banned, besides the cloud services
    };

    // Both clocks, so that tests may say what time it is.
    struct Moment {
        SteadyTime steady;
        Timestamp wall;
    };

    static Moment present() { return {std::chrono::steady_clock::now(), now()}; }

    explicit LoginGuard(Options options);

    // What was known before the restart. Before anything else.
    Result<void> load(store::Engine& engine);

    struct Ban {
        Seconds left{};
        std::string last_user;  // as it was tried
    };

    // The network is put off; asked before anything else of a login.
    std::optional<Ban> banned(const IpAddress& client, Moment at) const;

    // Whether a password (no app password) of that user is not looked at when it comes from there.
    bool locked(std::string_view user, const IpAddress& client, Moment at) const;

    struct Failure {
        std::string user;        // key form, or what was typed
        bool known = false;      // there is such an account
        std::uint64_t secret{};  // first octets of a keyed digest over user and password
        IpAddress client;
        bool free_of_charge = false;  // a former password: no point
    };

    struct Counted {
        bool fresh = false;       // not seen before
        bool lock_began = false;  // the user's lock
        bool ban_began = false;   // the network's ban
        bool notify = false;      // the user should be written to; not said again for a day
    };

    Counted failed(const Failure& failure, Moment at);
    void succeeded(const std::string& account, const IpAddress& client, Moment at);

    void take_changes(store::Changes& into, std::size_t most) override;

    std::size_t users() const;
    std::size_t networks() const;

  private:
    struct Guess {
        std::uint64_t secret = 0;
        SteadyTime first;
        IpAddress network;
    };

    struct User {
        std::deque<Guess> guesses;  // oldest sight first
        SteadyTime locked_until;
        // Of accounts of ours: when somebody last signed in from there.
        std::map<IpAddress, Timestamp> known;
        std::optional<Timestamp> notified;
    };

    struct Network {
        std::deque<SteadyTime> points;
        SteadyTime banned_until;
        std::string last_user;
    };

    bool is_trusted(const IpAddress& client) const;
    bool is_recent(Timestamp when, Moment at) const;
    bool counts_guess(User& user, const Failure& failure, const IpAddress& network, Moment at)
        PH_REQUIRES(mutex_);
    bool locks(const User& user, Moment at) const PH_REQUIRES(mutex_);
    void remember(std::string account, std::string fact, Timestamp when) PH_REQUIRES(mutex_);

    const Options options_;
    std::vector<IpNetwork> trusted_;
    mutable Mutex mutex_;
    // Apart, so that made-up names push out no account.
    RecentMap<std::string, User> accounts_ PH_GUARDED_BY(mutex_);
    RecentMap<std::string, User> strangers_ PH_GUARDED_BY(mutex_);
    RecentMap<IpAddress, Network> networks_ PH_GUARDED_BY(mutex_);
    // Of any account; apart for the same reason.
    RecentMap<IpAddress, Timestamp> successes_ PH_GUARDED_BY(mutex_);
    std::map<std::pair<std::string, std::string>, Timestamp> unwritten_ PH_GUARDED_BY(mutex_);
    Timestamp pruned_ PH_GUARDED_BY(mutex_){};
};

}  // namespace posthaste::accounts
