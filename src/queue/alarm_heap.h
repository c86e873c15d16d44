// AlarmHeap: for each handle at most one moment, in whole seconds; the earliest first. 12 octets a
// handle.
#pragma once

#include "queue/slab.h"

#include <cstdint>
#include <vector>

namespace posthaste::queue {

class AlarmHeap {
  public:
    void set(Handle handle, std::uint32_t at);  // also moves one that is set
    void clear(Handle handle);                  // no effect if none is set

    bool empty() const { return heap_.empty(); }

    std::uint32_t earliest() const { return heap_.front().at; }  // not when empty

    Handle pop();  // the earliest; not when empty

    std::size_t size() const { return heap_.size(); }

  private:
    struct Item {
        std::uint32_t at;
        Handle handle;
    };

    void put(std::size_t position, Item item);
    void sift_up(std::size_t position, Item item);
    void sift_down(std::size_t position, Item item);

    std::vector<Item> heap_;
    std::vector<std::uint32_t> position_;  // by handle; kNone: not set
};

}  // namespace posthaste::queue
