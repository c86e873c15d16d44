#include "queue/alarm_heap.h"

namespace posthaste::queue {

void AlarmHeap::put(std::size_t position, Item item) {
    heap_[position] = item;
    position_[item.handle] = static_cast<std::uint32_t>(position);
}

void AlarmHeap::sift_up(std::size_t position, Item item) {
    while (position > 0) {
        const std::size_t parent = (position - 1) / 2;
        if (heap_[parent].at <= item.at) break;
        put(position, heap_[parent]);
        position = parent;
    }
    put(position, item);
}

void AlarmHeap::sift_down(std::size_t position, Item item) {
    for (;;) {
        std::size_t child = 2 * position + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1].at < heap_[child].at) ++child;
        if (item.at <= heap_[child].at) break;
        put(position, heap_[child]);
        position = child;
    }
    put(position, item);
}

void AlarmHeap::set(Handle handle, std::uint32_t at) {
    position_.grow(std::size_t{handle} + 1, kNone);
    const Item item{at, handle};
    if (position_[handle] == kNone) {
        heap_.push_back(item);
        sift_up(heap_.size() - 1, item);
        return;
    }
    const std::size_t position = position_[handle];
    if (at < heap_[position].at) {
        sift_up(position, item);
    } else {
        sift_down(position, item);
    }
}

void AlarmHeap::clear(Handle handle) {
    if (handle >= position_.size() || position_[handle] == kNone) return;
    const std::size_t position = position_[handle];
    position_[handle] = kNone;
    const Item last = heap_.back();
    heap_.pop_back();
    if (last.handle == handle) {
        if (heap_.empty() &&
            position_.size() >= kWorthGivingBack) {  // a backlog that is gone gives its memory back
            heap_ = {};
            position_ = {};
        }
        return;
    }
    if (position > 0 && last.at < heap_[(position - 1) / 2].at) {
        sift_up(position, last);
    } else {
        sift_down(position, last);
    }
}

Handle AlarmHeap::pop() {
    const Handle handle = heap_[0].handle;
    clear(handle);
    return handle;
}

}  // namespace posthaste::queue
