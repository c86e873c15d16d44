// RouteState: sites of routes with a fallback of which no host can be reached, so that mail takes
// the fallback at once and does not wait there; now and then one attempt goes back to see.
// Thread-safe.
#pragma once

#include "base/mutex.h"
#include "base/time.h"

#include <map>
#include <string>

namespace posthaste::delivery {

class RouteState {
  public:
    // An attempt ended in which no host was reached. `enough` such in a row, and three at least,
    // and the site is down.
    void failed(const std::string& site, unsigned enough, SteadyTime now);
    void worked(const std::string& site);

    bool is_down(const std::string& site, SteadyTime now) const;

  private:
    struct State {
        unsigned failures = 0;  // in a row
        unsigned rests = 0;
        SteadyTime down_until{};
        SteadyTime seen{};
    };

    mutable Mutex mutex_;
    std::map<std::string, State> states_ PH_GUARDED_BY(mutex_);  // of those with trouble
};

}  // namespace posthaste::delivery
