// Slab: values under small handles that stay the same until removed. A handle is 4 octets where a
// pointer takes 8, and the values lie side by side: what waits in the queue is counted in octets
// each.
#pragma once

#include "base/assert.h"
#include "queue/chunks.h"

#include <cstdint>
#include <utility>

namespace posthaste::queue {

using Handle = std::uint32_t;

constexpr Handle kNone = 0xffff'ffff;
constexpr std::size_t kWorthGivingBack = 4096;  // items

template <class T>
class Slab {
  public:
    Handle add(T value) {
        if (!free_.empty()) {
            const Handle handle = free_.back();
            free_.pop_back();
            items_[handle] = std::move(value);
            return handle;
        }
        PH_ASSERT(items_.size() < kNone);
        items_.push_back(std::move(value));
        return static_cast<Handle>(items_.size() - 1);
    }

    void remove(Handle handle) {
        items_[handle] = T{};
        free_.push_back(handle);
        if (free_.size() < items_.size() || items_.size() < kWorthGivingBack) return;
        // Nothing is left: a backlog that is gone gives its memory back.
        items_ = {};
        free_ = {};
    }

    T& operator[](Handle handle) { return items_[handle]; }

    const T& operator[](Handle handle) const { return items_[handle]; }

    std::size_t size() const { return items_.size() - free_.size(); }

    std::size_t capacity() const { return items_.size(); }  // every handle is below

    std::size_t octets() const { return items_.octets() + free_.octets(); }

  private:
    Chunks<T> items_;
    Chunks<Handle> free_;
};

}  // namespace posthaste::queue
