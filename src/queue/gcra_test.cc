#include "queue/gcra.h"

#include <deque>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

const SteadyTime kNow = SteadyTime{} + std::chrono::hours(1);

RateLimit rate(std::string_view text) {
    return RateLimit::parse(text).value();
}

TEST(RateLimit, IsReadAndTold) {
    struct Row {
        std::string_view text;
        RateLimit wanted;
        std::string_view told;
    };

    const Row rows[] = {
        {"100/s", {100, Seconds(1), 0}, "100/s"},
        {"10/min,max_burst=1", {10, Seconds(60), 1}, "10/min,max_burst=1"},
        {" 5000/h , max_burst=20 ", {5000, Seconds(3600), 20}, "5000/h,max_burst=20"},
        {"200/d", {200, Seconds(86400), 0}, "200/day"},
        {"200/day", {200, Seconds(86400), 0}, "200/day"},
        {"3/90s", {3, Seconds(90), 0}, "3/90s"},
        {"1/10min", {1, Seconds(600), 0}, "1/600s"}};
    for (const Row& row : rows) {
        const auto parsed = RateLimit::parse(row.text);
        ASSERT_TRUE(parsed) << row.text;
        EXPECT_EQ(*parsed, row.wanted) << row.text;
        EXPECT_EQ(parsed->to_string(), row.told);
        EXPECT_EQ(rate(parsed->to_string()), row.wanted);
    }
}

TEST(RateLimit, WhatIsNoneIsRefused) {
    for (const std::string_view text :
         {"", "10", "10/", "/min", "0/s", "-1/s", "10/0s", "10/fortnight", "10/min,",
          "10/min,burst=1", "10/min,max_burst=", "10/min,max_burst=0", "10/min,max_burst=1x",
          "1e3/s", "99999999999999999999/s", "10/99999999999d", "10/31622400d",
          "1/366d,max_burst=1000000000", "10/min max_burst=1"}) {
        const auto parsed = RateLimit::parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind, ErrorKind::syntax);
        EXPECT_FALSE(parsed.error().mend.empty());
    }
}

// delivery.md, criterion 33: in any 60 s at most ten start, 5.5 s apart or more.
TEST(Gcra, WithoutABurstTheyAreSpacedEvenly) {
    const RateLimit limit = rate("10/min,max_burst=1");
    Gcra gcra;
    std::deque<SteadyTime> started;
    for (SteadyTime now = kNow; now < kNow + minutes(10); now += milliseconds(10)) {
        if (gcra.available(limit, now, 100) == 0) {
            EXPECT_GT(gcra.next(limit, now), now);
            continue;
        }
        EXPECT_EQ(gcra.next(limit, now), now);
        ASSERT_EQ(gcra.available(limit, now, 100), 1U);
        gcra.take(limit, now, 1);
        if (!started.empty()) {
            EXPECT_GE(now - started.back(), milliseconds(5500));
        }
        started.push_back(now);
        while (started.front() <= now - minutes(1)) started.pop_front();
        ASSERT_LE(started.size(), 10U);
    }
    EXPECT_GE(started.size(), 9U) << "and it is used";
}

TEST(Gcra, ABurstIsLetThroughOnce) {
    const RateLimit limit = rate("60/min,max_burst=5");
    Gcra gcra;
    EXPECT_EQ(gcra.available(limit, kNow, 3), 3U);
    EXPECT_EQ(gcra.available(limit, kNow, 100), 5U);
    gcra.take(limit, kNow, 5);
    EXPECT_EQ(gcra.available(limit, kNow, 1), 0U);
    EXPECT_EQ(gcra.next(limit, kNow), kNow + Seconds(1));
    EXPECT_EQ(gcra.available(limit, kNow + Seconds(1), 9), 1U);
    EXPECT_EQ(gcra.available(limit, kNow + Seconds(3), 9), 3U);
    EXPECT_FALSE(gcra.at_rest(kNow + Seconds(4)));
    EXPECT_TRUE(gcra.at_rest(kNow + Seconds(5)));
    EXPECT_EQ(gcra.available(limit, kNow + minutes(60), 9), 5U) << "a rest is not saved up";
}

TEST(Gcra, WithoutALimitEverythingMayStart) {
    const Gcra gcra;
    EXPECT_EQ(gcra.available({}, kNow, 1'000'000), 1'000'000U);
    EXPECT_EQ(gcra.next({}, kNow), kNow);
}

TEST(Gcra, TheMostThatCanBeWrittenDoesNotOverflow) {
    for (const std::string_view text : {"1000000000/s", "1000000000/366d", "1/366d"}) {
        const RateLimit limit = rate(text);
        Gcra gcra;
        const std::uint64_t first = gcra.available(limit, kNow, 1'000'000);
        EXPECT_GE(first, 1U) << text;
        gcra.take(limit, kNow, first);
        EXPECT_GE(gcra.next(limit, kNow), kNow) << text;
    }
}

}  // namespace
}  // namespace posthaste::queue
