#include "queue/quarantine.h"

#include <algorithm>
#include <functional>

namespace posthaste::queue {

namespace {

constexpr std::size_t kGroups = 8;

}  // namespace

Quarantine::Quarantine(const std::vector<Suspect>& suspects) {
    std::vector<Suspect> others;
    for (const Suspect& suspect : suspects) {
        const bool is_it = suspect.alone && suspect.crashes >= kCrashes;
        (is_it ? guilty_ : others).push_back(suspect);
    }
    std::ranges::sort(others, std::ranges::greater(), &Suspect::crashes);
    for (const Suspect& suspect : others) waiting_.push_back(suspect.id);
    group_size_ = std::max<std::size_t>(1, others.size() / kGroups);
}

std::vector<QueueId> Quarantine::next_group() {
    std::vector<QueueId> next;
    while (next.size() < group_size_ && !waiting_.empty()) {
        next.push_back(waiting_.back());
        waiting_.pop_back();
    }
    group_ = {next.begin(), next.end()};
    alone_ = next.size() == 1;
    return next;
}

}  // namespace posthaste::queue
