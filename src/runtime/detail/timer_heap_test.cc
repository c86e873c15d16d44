#include "runtime/detail/timer_heap.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace posthaste::runtime::detail {
namespace {

SteadyTime at(int seconds) {
    return SteadyTime{} + Seconds(seconds);
}

TEST(TimerHeap, GivesTheEarliestFirst) {
    TimerHeap heap;
    std::vector<int> order;
    for (int when : {5, 1, 4, 2, 3, 2})
        heap.add(at(when), [&order, when] { order.push_back(when); });
    EXPECT_EQ(heap.earliest(), at(1));
    while (!heap.empty()) heap.pop()();
    EXPECT_EQ(order, (std::vector<int>{1, 2, 2, 3, 4, 5}));
    EXPECT_EQ(heap.earliest(), SteadyTime::max());
}

TEST(TimerHeap, AnIdIsGoodOnce) {
    TimerHeap heap;
    auto first = heap.add(at(1), [] {});
    EXPECT_TRUE(heap.remove(first));
    EXPECT_FALSE(heap.remove(first));
    auto second = heap.add(at(1), [] {});  // takes the same slot
    EXPECT_NE(first, second);
    EXPECT_FALSE(heap.remove(first));
    EXPECT_EQ(heap.size(), 1U);
    heap.pop();
    EXPECT_FALSE(heap.remove(second));
    EXPECT_FALSE(heap.remove(0));
}

TEST(TimerHeap, RandomAddsAndRemovesKeepTheOrder) {
    std::mt19937 random(7);
    TimerHeap heap;
    std::vector<std::pair<TimerHeap::Id, int>> live;
    std::vector<int> popped;
    for (int round = 0; round < 20'000; ++round) {
        if (live.empty() || random() % 3 != 0) {
            int when = static_cast<int>(random() % 1000);
            live.emplace_back(heap.add(at(when), [&popped, when] { popped.push_back(when); }),
                              when);
        } else {
            auto victim = live.begin() + static_cast<long>(random() % live.size());
            ASSERT_TRUE(heap.remove(victim->first));
            live.erase(victim);
        }
    }
    std::vector<int> expected;
    for (const auto& [id, when] : live) expected.push_back(when);
    std::ranges::sort(expected);
    while (!heap.empty()) heap.pop()();
    EXPECT_EQ(popped, expected);
}

TEST(TimerHeap, RemovingEndsTheWork) {
    TimerHeap heap;
    auto owned = std::make_shared<int>(1);
    auto id = heap.add(at(1), [owned] {});
    EXPECT_EQ(owned.use_count(), 2);
    heap.remove(id);
    EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace posthaste::runtime::detail
