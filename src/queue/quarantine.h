// Quarantine: suspects are tried again in small groups, so that the one that crashes the server is
// soon alone, and then held; all others get their mail through. Pure; one thread.
#pragma once

#include "queue/in_flight.h"

#include <unordered_set>
#include <vector>

namespace posthaste::queue {

class Quarantine {
  public:
    // So often must the server have crashed over a message, the last time over it alone.
    static constexpr unsigned kCrashes = 3;

    explicit Quarantine(const std::vector<Suspect>& suspects);

    // To be held: it is them.
    const std::vector<Suspect>& guilty() const { return guilty_; }

    // All others wait until they are in a group.
    const std::vector<QueueId>& waiting() const { return waiting_; }

    // An eighth of them, those of the fewest crashes first; empty at the end.
    std::vector<QueueId> next_group();

    void tried(const QueueId& id) { group_.erase(id); }  // and the server still lives

    bool group_is_done() const { return group_.empty(); }

    bool is_alone(const QueueId& id) const { return alone_ && group_.contains(id); }

  private:
    std::vector<Suspect> guilty_;
    std::vector<QueueId> waiting_;  // the next at the end
    std::unordered_set<QueueId> group_;
    std::size_t group_size_ = 1;
    bool alone_ = false;
};

}  // namespace posthaste::queue
