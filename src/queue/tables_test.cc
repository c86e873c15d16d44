// The small containers under the scheduler, against plain ones.
#include "queue/alarm_heap.h"
#include "queue/id_index.h"
#include "queue/name_table.h"
#include "queue/slab.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

TEST(AlarmHeap, IsASortedMapWithMoves) {
    AlarmHeap heap;
    std::map<Handle, std::uint32_t> model;
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const Handle handle = random() % 500;
        switch (random() % 4) {
            case 0:
                heap.clear(handle);
                model.erase(handle);
                break;
            case 1:
                if (!heap.empty()) {
                    const std::uint32_t at = heap.earliest();
                    const Handle first = heap.pop();
                    ASSERT_EQ(model.at(first), at);
                    for (const auto& [h, t] : model) ASSERT_GE(t, at);
                    model.erase(first);
                }
                break;
            default: {
                const std::uint32_t at = random() % 1000;
                heap.set(handle, at);
                model[handle] = at;
            }
        }
        ASSERT_EQ(heap.size(), model.size());
    }
}

TEST(IdIndex, IsAMap) {
    std::vector<QueueId> ids;
    IdIndex index([&](Handle h) -> const QueueId& { return ids[h]; });
    std::mt19937 random(2);
    for (Handle i = 0; i < 3000; ++i) {
        ids.push_back(QueueId::make());
        index.add(ids.back(), i);
    }
    std::set<Handle> gone;
    for (int i = 0; i < 2900; ++i) {
        const Handle h = random() % 3000;
        index.remove(ids[h]);  // also of one that is gone
        gone.insert(h);
        if (i % 50 != 0) continue;
        for (Handle k = 0; k < 3000; ++k) {
            ASSERT_EQ(index.find(ids[k]), gone.contains(k) ? kNone : k);
        }
    }
    EXPECT_EQ(index.find(QueueId::make()), kNone);
}

TEST(Slab, HandsOutPlacesAgainAndForgetsValues) {
    Slab<std::string> slab;
    const Handle a = slab.add("a");
    const Handle b = slab.add("b");
    slab.remove(a);
    EXPECT_EQ(slab.size(), 1U);
    EXPECT_EQ(slab[a], "");
    EXPECT_EQ(slab.add("c"), a);
    EXPECT_EQ(slab[b], "b");
}

TEST(NameTable, KeepsIdleNamesUntilCollected) {
    NameTable names;
    const Handle a = names.acquire("example.org");
    EXPECT_EQ(names.acquire("example.org"), a);
    names.release(a);
    EXPECT_EQ(names.idle(), 0U);
    names.release(a);
    EXPECT_EQ(names.idle(), 1U);
    EXPECT_EQ(names.find("example.org"), a);
    EXPECT_EQ(names.acquire("example.org"), a);
    const Handle b = names.acquire("example.net");
    names.release(b);
    names.collect([](Handle) { return true; });
    EXPECT_EQ(names.find("example.net"), kNone);
    EXPECT_EQ(names.find("example.org"), a);
    EXPECT_EQ(names.name(a), "example.org");
}

}  // namespace
}  // namespace posthaste::queue
