#include "delivery/tls/tls_memory.h"

#include "store/testing.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

const Timestamp kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};

TEST(BrokenTls, IsRememberedForThreeDaysOrUntilItWorks) {
    BrokenTls memory;
    EXPECT_FALSE(memory.is_broken("mx.test", kStart));
    EXPECT_TRUE(memory.broke("mx.test", kStart));
    EXPECT_FALSE(memory.broke("mx.test", kStart + std::chrono::days(2))) << "told once";
    EXPECT_TRUE(memory.is_broken("mx.test", kStart + std::chrono::days(2)));
    EXPECT_FALSE(memory.is_broken("mx.test", kStart + std::chrono::days(3)));
    EXPECT_TRUE(memory.broke("mx.test", kStart + std::chrono::days(4)));
    memory.worked("mx.test");
    EXPECT_FALSE(memory.is_broken("mx.test", kStart + std::chrono::days(4)));
}

TEST(BrokenTls, SurvivesARestart) {
    BrokenTls before;
    before.broke("a.test", kStart);
    before.broke("b.test", kStart);
    store::Changes changes;
    before.take_changes(changes, 1);
    EXPECT_EQ(changes.size(), 1U);
    before.take_changes(changes, 10);
    EXPECT_EQ(changes.size(), 2U);
    before.worked("b.test");
    before.take_changes(changes, 10);
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<store::RemoveKept>(changes.back()));
    before.take_changes(changes, 10);
    EXPECT_EQ(changes.size(), 3U) << "nothing new";
}

TEST(BrokenTls, HasABound) {
    BrokenTls memory;
    for (std::size_t i = 0; i < BrokenTls::kMost; ++i)
        memory.broke("mx" + std::to_string(i) + ".test", kStart);
    EXPECT_FALSE(memory.broke("one.too.many.test", kStart));
    EXPECT_TRUE(memory.broke("later.test", kStart + std::chrono::days(4))) << "the old ones went";
}

}  // namespace
}  // namespace posthaste::delivery
