#include "queue/shared_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const SteadyTime kNow = SteadyTime{} + std::chrono::hours(1);

Pace pace(std::string name, std::string_view limit) {
    return {std::move(name), RateLimit::parse(limit).value()};
}

TEST(SharedLimits, WithoutAnyAllMayStart) {
    SharedLimits limits;
    const auto hold = limits.acquire({}, {});
    EXPECT_EQ(limits.grant(hold, kNow, 100), 100U);
    limits.start(hold, kNow, 100);
    limits.end(hold);
    EXPECT_FALSE(limits.next_wake());
}

TEST(SharedLimits, ACapIsSharedByNameAndItsLineIsServedInOrder) {
    SharedLimits limits;
    const auto a = limits.acquire({{"google", 2}}, {});
    const auto b = limits.acquire({{"google", 2}, {"other", 9}}, {});
    limits.start(a, kNow, 1);
    EXPECT_EQ(limits.grant(b, kNow, 50), 50U);
    limits.start(b, kNow, 50);
    EXPECT_EQ(limits.grant(a, kNow, 1), 0U);
    EXPECT_FALSE(limits.others_wait(a));
    limits.park(a, 1, kNow);
    limits.park(b, 2, kNow);
    EXPECT_TRUE(limits.others_wait(a));
    EXPECT_THAT(limits.take_woken(kNow), IsEmpty());
    limits.end(b);
    EXPECT_THAT(limits.take_woken(kNow), ElementsAre(1));
    limits.pass(a);  // site 1 has nothing left
    EXPECT_THAT(limits.take_woken(kNow), ElementsAre(2));
}

TEST(SharedLimits, ThePaceOfManySitesIsOne) {
    SharedLimits limits;
    const auto a = limits.acquire({}, {pace("yahoo", "10/min,max_burst=1")});
    const auto b = limits.acquire({}, {pace("yahoo", "10/min,max_burst=1"), pace("b", "100/s")});
    EXPECT_EQ(limits.grant(a, kNow, 50), 1U) << "recipients count";
    limits.start(a, kNow, 1);
    EXPECT_EQ(limits.grant(b, kNow, 50), 0U);
    limits.park(b, 2, kNow);
    limits.park(a, 1, kNow);
    EXPECT_EQ(limits.next_wake(), kNow + Seconds(6));
    EXPECT_THAT(limits.take_woken(kNow + Seconds(5)), IsEmpty());
    EXPECT_THAT(limits.take_woken(kNow + Seconds(6)), ElementsAre(2));
    EXPECT_THAT(limits.take_woken(kNow + Seconds(12)), ElementsAre(1)) << "even if 2 did not start";
    EXPECT_FALSE(limits.next_wake());
}

TEST(SharedLimits, APaceOfMessagesDoesNotSplitThem) {
    SharedLimits limits;
    Pace messages = pace("smarthost", "30/min,max_burst=2");
    messages.messages = true;
    const auto hold = limits.acquire({}, {messages});
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(limits.grant(hold, kNow, 100), 100U);
        limits.start(hold, kNow, 100);
    }
    EXPECT_EQ(limits.grant(hold, kNow, 100), 0U);
    EXPECT_EQ(limits.grant(hold, kNow + Seconds(2), 100), 100U);
}

TEST(SharedLimits, WhoWaitsForAPaceDoesNotKeepAPlaceOfACap) {
    SharedLimits limits;
    const auto slow = limits.acquire({{"p", 1}}, {pace("slow", "1/h")});
    const auto fast = limits.acquire({{"p", 1}}, {});
    limits.start(slow, kNow, 1);
    limits.park(slow, 1, kNow);
    limits.park(fast, 2, kNow);
    limits.end(slow);
    EXPECT_THAT(limits.take_woken(kNow), ElementsAre(1));
    EXPECT_EQ(limits.grant(slow, kNow, 1), 0U);
    limits.park(slow, 1, kNow);
    EXPECT_THAT(limits.take_woken(kNow), ElementsAre(2));
}

TEST(SharedLimits, AWiderLimitWakesThoseThatWait) {
    SharedLimits limits;
    const auto a = limits.acquire({{"p", 1}}, {});
    limits.start(a, kNow, 1);
    limits.park(a, 1, kNow);
    limits.park(a, 2, kNow);
    const auto wider = limits.acquire({{"p", 5}}, {});
    EXPECT_THAT(limits.take_woken(kNow), ElementsAre(1, 2));
    EXPECT_EQ(limits.grant(wider, kNow, 1), 1U);
}

TEST(SharedLimits, WhoLeavesIsWokenNoMore) {
    SharedLimits limits;
    const auto a = limits.acquire({{"p", 1}}, {});
    limits.start(a, kNow, 1);
    limits.park(a, 1, kNow);
    limits.park(a, 2, kNow);
    limits.leave(a, 1);
    limits.end(a);
    EXPECT_THAT(limits.take_woken(kNow), ElementsAre(2));
}

TEST(SharedLimits, WhatNobodyNamesAnyMoreIsForgottenOnceItIsAtRest) {
    SharedLimits limits;
    for (int i = 0; i < 30'000; ++i) {
        const auto hold =
            limits.acquire({{"c" + std::to_string(i), 1}}, {pace("p" + std::to_string(i), "1/s")});
        limits.release(hold);
    }
    const auto hold = limits.acquire({{"c1", 1}}, {});
    EXPECT_LT(hold.caps.front(), 20'000U) << "handles are used again";
}

}  // namespace
}  // namespace posthaste::queue
