// What the sessions of a bounce port share. Private to submission/bounces/.
#pragma once

#include "base/mutex.h"
#include "submission/bounces/bounce_port.h"

#include <atomic>
#include <map>

namespace posthaste::submission {

struct BounceMetrics {
    Counter connections;
    Counter turned_away;  // too many, or of a network that guesses
    Gauge sessions;
    Counter wrong_addresses;
    Counter refused;  // at the end of their content
    Counter letters;  // to the administrator

    void add_to(MetricsRegistry& registry) const;
};

// Who tries addresses that were never made, by network. Bounded; any thread.
class WrongAddresses {
  public:
    static constexpr std::size_t kMostNetworks = 10'000;
    static constexpr Seconds kWindow{3600};

    void note(const IpAddress& client, SteadyTime now);
    std::size_t count(const IpAddress& client, SteadyTime now) const;

  private:
    struct Count {
        SteadyTime since{};
        std::size_t wrong = 0;
    };

    mutable Mutex mutex_;
    std::map<IpAddress, Count> counts_ PH_GUARDED_BY(mutex_);
};

// Letters to the administrator: so many an hour. Any thread.
class LetterAllowance {
  public:
    bool take(std::size_t an_hour, SteadyTime now);

  private:
    Mutex mutex_;
    SteadyTime since_ PH_GUARDED_BY(mutex_){};
    std::size_t taken_ PH_GUARDED_BY(mutex_) = 0;
};

struct BounceContext {
    BouncePortOptions options;
    BouncePort::Services services;
    BounceMetrics metrics{};
    WrongAddresses wrong{};
    LetterAllowance letters{};
    std::atomic<bool> stopping{false};
};

}  // namespace posthaste::submission
