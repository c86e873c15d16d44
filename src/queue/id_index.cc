#include "queue/id_index.h"

namespace posthaste::queue {

namespace {

constexpr std::size_t kFewest = 16;

}  // namespace

std::size_t IdIndex::home(const QueueId& id) const {
    return std::hash<QueueId>{}(id) & (places_.size() - 1);
}

std::size_t IdIndex::place(const QueueId& id) const {
    std::size_t at = home(id);
    while (places_[at] != kNone && id_of_(places_[at]) != id) at = (at + 1) & (places_.size() - 1);
    return at;
}

Handle IdIndex::find(const QueueId& id) const {
    return places_.empty() ? kNone : places_[place(id)];
}

void IdIndex::resize(std::size_t places) {
    std::vector<Handle> old(places, kNone);
    old.swap(places_);
    for (const Handle handle : old) {
        if (handle != kNone) places_[place(id_of_(handle))] = handle;
    }
}

void IdIndex::add(const QueueId& id, Handle handle) {
    if (4 * (count_ + 1) > 3 * places_.size()) resize(std::max(kFewest, 2 * places_.size()));
    places_[place(id)] = handle;
    ++count_;
}

void IdIndex::remove(const QueueId& id) {
    if (places_.empty()) return;
    const std::size_t mask = places_.size() - 1;
    std::size_t gap = place(id);
    if (places_[gap] == kNone) return;
    // Those behind move up, so that no search stops at the gap before its goal.
    for (std::size_t at = (gap + 1) & mask; places_[at] != kNone; at = (at + 1) & mask) {
        const std::size_t wanted = home(id_of_(places_[at]));
        if (((at - wanted) & mask) < ((at - gap) & mask)) continue;
        places_[gap] = places_[at];
        gap = at;
    }
    places_[gap] = kNone;
    --count_;
    if (count_ == 0) {
        places_ = {};
    } else if (places_.size() > 4096 && 16 * count_ < places_.size()) {
        resize(places_.size() / 4);
    }
}

}  // namespace posthaste::queue
