// AlarmHeap: for each handle at most one moment, in whole units of the owner's; the earliest first.
// 12 octets a handle.
#pragma once

#include "queue/chunks.h"
#include "queue/slab.h"

#include <cstdint>

namespace posthaste::queue {

class AlarmHeap {
  public:
    void set(Handle handle, std::uint32_t at);  // also moves one that is set
    void clear(Handle handle);                  // no effect if none is set

    bool empty() const { return heap_.empty(); }

    std::uint32_t earliest() const { return heap_[0].at; }  // not when empty

    Handle pop();  // the earliest; not when empty

    std::size_t size() const { return heap_.size(); }

    std::size_t octets() const { return heap_.octets() + position_.octets(); }

  private:
    struct Item {
        std::uint32_t at;
        Handle handle;
    };

    void put(std::size_t position, Item item);
    void sift_up(std::size_t position, Item item);
    void sift_down(std::size_t position, Item item);

    Chunks<Item> heap_;
    Chunks<std::uint32_t> position_;  // by handle; kNone: not set
};

}  // namespace posthaste::queue
