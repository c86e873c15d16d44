// SharedLimits: what several sites share, by name: how many transactions run at once (all of one
// provider's), and how many recipients start in a time. A site that has to wait for one of them
// stands in its line; each place that becomes free wakes the first. Pure; one thread.
#pragma once

#include "queue/gcra.h"
#include "queue/name_table.h"
#include "queue/slab.h"

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace posthaste::queue {

// At most `most` transactions at once over all sites that name it.
struct Cap {
    std::string name;
    std::size_t most = 0;
    bool operator==(const Cap&) const = default;
};

// At most so many recipients in a time over all sites that name it; or messages, whatever their
// recipients.
struct Pace {
    std::string name;
    RateLimit limit;
    bool messages = false;
    bool operator==(const Pace&) const = default;
};

class SharedLimits {
  public:
    // Of one site; given back before new ones are taken.
    struct Hold {
        std::vector<Handle> caps;
        std::vector<Handle> paces;
    };

    // A limit that is named twice has the value it was given last.
    Hold acquire(const std::vector<Cap>& caps, const std::vector<Pace>& paces);
    void release(const Hold& hold);

    // How many of `wanted` recipients may start in one transaction; 0: the site waits, in the line
    // of what kept it (`park`).
    std::size_t grant(const Hold& hold, SteadyTime now, std::size_t wanted) const;
    // The transaction starts with `recipients` of those granted. All limits are taken from at once,
    // so there is nothing to roll back.
    void start(const Hold& hold, SteadyTime now, std::size_t recipients);
    // It has ended.
    void end(const Hold& hold);

    // The site waits until something is free again. In one line at a time.
    void park(const Hold& hold, Handle site, SteadyTime now);
    // Sites to be looked at again now, each out of its line.
    std::vector<Handle> take_woken(SteadyTime now);
    std::optional<SteadyTime> next_wake() const;

    // It does not use the place it was woken for: the next in the line may.
    void pass(const Hold& hold);
    // It is in no line any more.
    void leave(const Hold& hold, Handle site);

    bool full(const Hold& hold) const;  // some cap is used up

    // Others wait for a place that this site's connections would keep.
    bool others_wait(const Hold& hold) const;

  private:
    struct CapState {
        std::size_t most = 0;
        std::size_t running = 0;
        std::deque<Handle> line;
    };

    struct PaceState {
        RateLimit limit;
        bool messages = false;
        Gcra gcra;
        std::deque<Handle> line;
        std::optional<SteadyTime> alarm;
    };

    void wake_one(CapState& cap);
    void set_alarm(Handle pace, SteadyTime at);
    void forget_idle(SteadyTime now);

    NameTable cap_names_;
    NameTable pace_names_;
    std::vector<CapState> caps_;                      // by the name's handle
    std::vector<PaceState> paces_;                    // by the name's handle
    std::set<std::pair<SteadyTime, Handle>> alarms_;  // of paces
    std::vector<Handle> woken_;
};

}  // namespace posthaste::queue
