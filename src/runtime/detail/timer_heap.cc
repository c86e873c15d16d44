#include "runtime/detail/timer_heap.h"

#include "base/assert.h"

#include <algorithm>

namespace posthaste::runtime::detail {

namespace {
constexpr std::size_t kChildren = 4;
}

TimerHeap::Id TimerHeap::add(SteadyTime at, std::move_only_function<void()> work) {
    std::uint32_t slot = free_;
    if (slot != kNoSlot) {
        free_ = slots_[slot].position;
    } else {
        slot = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    }
    slots_[slot].work = std::move(work);
    heap_.push_back({});
    sift_up(heap_.size() - 1, Node{at, slot});
    return (Id{slots_[slot].generation} << 32) | slot;
}

bool TimerHeap::remove(Id id) {
    auto slot = static_cast<std::uint32_t>(id & 0xffffffff);
    if (slot >= slots_.size() || slots_[slot].generation != id >> 32) return false;
    take(slots_[slot].position);  // the work ends here, on the worker's thread
    return true;
}

SteadyTime TimerHeap::earliest() const {
    return heap_.empty() ? SteadyTime::max() : heap_[0].at;
}

std::move_only_function<void()> TimerHeap::pop() {
    PH_ASSERT(!heap_.empty());
    return take(0);
}

std::move_only_function<void()> TimerHeap::take(std::size_t position) {
    Node removed = heap_[position];
    Node last = heap_.back();
    heap_.pop_back();
    if (position < heap_.size()) {
        if (last.at < removed.at) {
            sift_up(position, last);
        } else {
            sift_down(position, last);
        }
    }
    Slot& slot = slots_[removed.slot];
    auto work = std::move(slot.work);
    slot.work = nullptr;
    // An id is given out again only after 2^32 uses of its slot; 0 stays free for "no timer".
    if (++slot.generation == 0) slot.generation = 1;
    slot.position = free_;
    free_ = removed.slot;
    return work;
}

void TimerHeap::place(std::size_t position, Node node) {
    heap_[position] = node;
    slots_[node.slot].position = static_cast<std::uint32_t>(position);
}

void TimerHeap::sift_up(std::size_t position, Node node) {
    while (position > 0) {
        std::size_t parent = (position - 1) / kChildren;
        if (!(node.at < heap_[parent].at)) break;
        place(position, heap_[parent]);
        position = parent;
    }
    place(position, node);
}

void TimerHeap::sift_down(std::size_t position, Node node) {
    for (;;) {
        std::size_t first = position * kChildren + 1;
        if (first >= heap_.size()) break;
        std::size_t end = std::min(first + kChildren, heap_.size());
        std::size_t least = first;
        for (std::size_t child = first + 1; child < end; ++child) {
            if (heap_[child].at < heap_[least].at) least = child;
        }
        if (!(heap_[least].at < node.at)) break;
        place(position, heap_[least]);
        position = least;
    }
    place(position, node);
}

}  // namespace posthaste::runtime::detail
