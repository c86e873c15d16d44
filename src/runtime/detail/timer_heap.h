// The deadlines of one worker: a 4-ary heap over slots that are used again, so that adding and
// removing (twice for every wait on a socket) costs tens of nanoseconds and no allocation. Worker
// thread only.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace posthaste::runtime::detail {

class TimerHeap {
  public:
    using Id = std::uint64_t;  // never 0, never used twice

    Id add(SteadyTime at, std::move_only_function<void()> work);
    bool remove(Id id);  // false if it is not there any more

    bool empty() const { return heap_.empty(); }

    std::size_t size() const { return heap_.size(); }

    SteadyTime earliest() const;            // SteadyTime::max() when empty
    std::move_only_function<void()> pop();  // the earliest; must not be empty

  private:
    struct Node {
        SteadyTime at;
        std::uint32_t slot;
    };

    struct Slot {
        std::move_only_function<void()> work;
        std::uint32_t generation = 1;
        std::uint32_t position = 0;  // in heap_, or the next free slot
    };

    void place(std::size_t position, Node node);
    void sift_up(std::size_t position, Node node);
    void sift_down(std::size_t position, Node node);
    std::move_only_function<void()> take(std::size_t position);

    std::vector<Node> heap_;
    std::vector<Slot> slots_;
    std::uint32_t free_ = kNoSlot;

    static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};
};

}  // namespace posthaste::runtime::detail
