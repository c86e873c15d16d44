#include "queue/window.h"

#include <array>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using std::chrono::minutes;
using enum SiteSignal;

const SteadyTime kNow = SteadyTime{} + std::chrono::hours(1);

Window with(std::initializer_list<SiteSignal> signals, std::size_t limit = 10) {
    Window window(limit);
    for (const SiteSignal signal : signals) window.feedback(signal, kNow, 0);
    return window;
}

TEST(Window, StartsWithTwo) {
    EXPECT_EQ(Window(10).slots(kNow), 2U);
}

TEST(Window, GrowsToTheLimitAndNotFurther) {
    Window window(4);
    for (int i = 0; i < 100; ++i) window.feedback(good, kNow, 0);
    EXPECT_EQ(window.slots(kNow), 4U);
    window.set_limit(2);
    EXPECT_EQ(window.slots(kNow), 2U);
}

TEST(Window, TroubleTakesOneSlowDownTakesHalf) {
    Window window(10);
    for (int i = 0; i < 100; ++i) window.feedback(good, kNow, 0);
    ASSERT_EQ(window.slots(kNow), 10U);
    window.feedback(trouble, kNow, 0);
    EXPECT_EQ(window.slots(kNow), 9U);
    window.feedback(slow_down, kNow, 0);
    EXPECT_EQ(window.slots(kNow), 4U);
    window.feedback(neutral, kNow, 0);
    EXPECT_EQ(window.slots(kNow), 4U);
}

TEST(Window, IsHalvedWhileItIsIdle) {
    Window window(100);
    SteadyTime now{std::chrono::hours(1)};
    for (int i = 0; i < 400; ++i) window.feedback(SiteSignal::good, now, 0);
    const std::size_t busy = window.slots(now);
    ASSERT_GE(busy, 20U);
    EXPECT_EQ(window.slots(now + std::chrono::minutes(9)), busy);
    EXPECT_EQ(window.slots(now + std::chrono::minutes(11)), busy / 2);
    EXPECT_EQ(window.slots(now + std::chrono::minutes(21)), busy / 4);
    EXPECT_EQ(window.slots(now + std::chrono::hours(10)), 2U) << "as a new one";
    now += std::chrono::minutes(11);
    window.feedback(SiteSignal::good, now, 0);
    EXPECT_EQ(window.slots(now), busy / 2) << "use does not bring back what it was";
}

TEST(Window, AnIdleSmallOneDoesNotGrow) {
    Window window(10);
    const SteadyTime now{std::chrono::hours(1)};
    for (int i = 0; i < 2; ++i) window.feedback(SiteSignal::trouble, now, 0);
    EXPECT_EQ(window.slots(now), 1U);
    EXPECT_EQ(window.slots(now + std::chrono::hours(5)), 1U);
}

TEST(Window, StartsAtHalfOfWhatWasGood) {
    Window window(100);
    const SteadyTime now{std::chrono::hours(1)};
    for (int i = 0; i < 400; ++i) window.feedback(SiteSignal::good, now, 0);
    const Window next(100, window.half_of_good(now));
    EXPECT_EQ(next.slots(now), window.slots(now) / 2);
    EXPECT_EQ(Window(100, Window(100).half_of_good(now)).slots(now), 2U);
}

TEST(Window, DiesAfterThreeFailuresInARow) {
    EXPECT_FALSE(with({trouble, trouble}).dead());
    EXPECT_TRUE(with({trouble, trouble, trouble}).dead());
    EXPECT_FALSE(with({trouble, trouble, good, trouble, trouble}).dead());
}

TEST(Window, ABigWindowNeedsMoreFailures) {
    Window window(20);
    for (int i = 0; i < 1000; ++i) window.feedback(good, kNow, 0);
    for (int i = 0; i < 10; ++i) window.feedback(trouble, kNow, 0);
    EXPECT_FALSE(window.dead());
    for (int i = 0; i < 10; ++i) window.feedback(trouble, kNow, 0);
    EXPECT_TRUE(window.dead());
}

TEST(Window, ProbesComeEverMoreRarely) {
    Window window = with({trouble, trouble, trouble});
    SteadyTime now = kNow;
    for (const int wait : {1, 2, 4, 8, 15, 30, 60, 60}) {
        EXPECT_EQ(window.next_probe(), now + minutes(wait));
        EXPECT_EQ(window.slots(now), 0U);
        EXPECT_EQ(window.slots(now + minutes(wait)), 1U);
        now += minutes(wait);
        window.feedback(trouble, now, 0);
        EXPECT_TRUE(window.dead());
    }
}

TEST(Window, DeliveriesThatRanWhenItDiedAreNoProbes) {
    Window window = with({trouble, trouble, trouble, trouble, trouble});
    EXPECT_EQ(window.next_probe(), kNow + minutes(1));
}

TEST(Window, AProbeThatWorksBringsItBackWithOne) {
    Window window = with({trouble, trouble, trouble});
    window.feedback(good, kNow + minutes(1), 0);
    EXPECT_FALSE(window.dead());
    EXPECT_EQ(window.slots(kNow + minutes(1)), 1U);
    window.feedback(good, kNow, 0);
    EXPECT_EQ(window.slots(kNow), 2U);
}

TEST(Window, AProbeThatToldNothingIsRepeatedAMinuteLater) {
    Window window = with({trouble, trouble, trouble});
    window.feedback(neutral, kNow + minutes(1), 0);
    EXPECT_TRUE(window.dead());
    EXPECT_EQ(window.slots(kNow + minutes(1)), 0U);
    EXPECT_EQ(window.slots(kNow + minutes(2)), 1U);
}

// delivery.md, criterion 29: a site that takes five connections and answers 421 to a sixth.
TEST(Window, FindsASitesOwnLimitAndStaysThere) {
    Window window(20);
    std::array<std::size_t, 30> histogram{};
    int refused = 0;
    for (int i = 0; i < 200; ++i) {
        const std::size_t slots = window.slots(kNow);
        ++histogram[slots];
        if (slots > 5) {
            ++refused;
            window.feedback(trouble, kNow, 0);
        } else {
            window.feedback(good, kNow, 0);
        }
        EXPECT_FALSE(window.dead());
    }
    EXPECT_LT(refused, 200 * 15 / 100);
    EXPECT_GT(histogram[5] + histogram[6], 150U) << "most of the time five or more run";
}

}  // namespace
}  // namespace posthaste::queue
