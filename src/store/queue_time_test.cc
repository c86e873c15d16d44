#include "store/queue_time.h"

#include <gtest/gtest.h>

namespace posthaste::store {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::years;

constexpr Timestamp kWall{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)};
constexpr QueueTime kQueue{hours(1000)};

struct Case {
    const char* name;
    Milliseconds wall_moved;   // from the mark to the start
    Milliseconds queue_moved;  // what may be believed of it
    bool jumped;
};

void PrintTo(const Case& c, std::ostream* out) {
    *out << c.name;
}

class Downtime : public testing::TestWithParam<Case> {};

TEST_P(Downtime, counts_only_what_is_believable) {
    const Case& c = GetParam();
    const QueueClock clock(ClockMark{kQueue, kWall}, kWall + c.wall_moved);
    EXPECT_EQ(clock.jumped(), c.jumped);
    const auto moved = clock.now_queue() - kQueue;
    EXPECT_GE(moved, c.queue_moved);
    EXPECT_LT(moved, c.queue_moved + std::chrono::minutes(1));  // the time this test takes
}

INSTANTIATE_TEST_SUITE_P(
    Starts, Downtime,
    testing::Values(Case{"at_once", Milliseconds(0), Milliseconds(0), false},
                    Case{"after_an_hour", hours(1), hours(1), false},
                    Case{"after_29_days", days(29), days(29), false},
                    Case{"after_30_days", days(30), days(30), false},
                    Case{"after_31_days", days(31), Milliseconds(0), true},
                    Case{"ten_years_ahead", years(10), Milliseconds(0), true},
                    Case{"ten_years_behind", -years(10), Milliseconds(0), true},
                    Case{"a_second_behind", Milliseconds(-1000), Milliseconds(0), true},
                    Case{"clock_without_battery_starts_1970", -kWall.time_since_epoch(),
                         Milliseconds(0), true}),
    [](const auto& row) { return row.param.name; });

TEST(QueueClock, a_new_store_starts_at_zero) {
    const QueueClock clock(std::nullopt, kWall);
    EXPECT_FALSE(clock.jumped());
    EXPECT_LT(clock.now_queue().time_since_epoch(), std::chrono::minutes(1));
}

// The mark was written while the wall clock was wrong; it has been put right since.
TEST(QueueClock, a_wrong_clock_that_is_mended_costs_nothing) {
    const QueueClock wrong(ClockMark{kQueue, kWall}, kWall + years(10));
    const ClockMark mark{wrong.now_queue(), kWall + years(10)};
    const QueueClock mended(mark, kWall + hours(1));
    EXPECT_TRUE(mended.jumped());
    EXPECT_GE(mended.now_queue(), kQueue);
    EXPECT_LT(mended.now_queue(), kQueue + std::chrono::minutes(1));
}

TEST(QueueClock, never_goes_back_over_restarts) {
    QueueTime last{};
    std::optional<ClockMark> mark;
    for (const auto moved : {Milliseconds(0), Milliseconds(years(10)), Milliseconds(-years(10)),
                             Milliseconds(hours(5)), Milliseconds(-days(1))}) {
        const QueueClock clock(mark, kWall + moved);
        EXPECT_GE(clock.now_queue(), last);
        last = clock.now_queue();
        mark = ClockMark{last, kWall + moved};
    }
}

TEST(QueueClock, to_steady_is_the_same_distance) {
    const QueueClock clock(ClockMark{kQueue, kWall}, kWall);
    const auto soon =
        clock.to_steady(clock.now_queue() + hours(2)) - std::chrono::steady_clock::now();
    EXPECT_LE(soon, hours(2));
    EXPECT_GT(soon, hours(2) - std::chrono::minutes(1));
    EXPECT_LT(clock.to_steady(clock.now_queue() - hours(2)), std::chrono::steady_clock::now());
}

TEST(QueueClock, absurd_numbers_neither_overflow_nor_stop_it) {
    const QueueClock clock(ClockMark{QueueTime::max(), Timestamp::min()}, kWall);
    EXPECT_TRUE(clock.jumped());
    EXPECT_GT(clock.to_steady(QueueTime::max()), std::chrono::steady_clock::now() + years(50));
    EXPECT_LT(clock.to_steady(QueueTime::min()), std::chrono::steady_clock::now() - years(50));
    const QueueClock behind(ClockMark{QueueTime::min(), Timestamp::max()}, kWall);
    EXPECT_TRUE(behind.jumped());
    EXPECT_GE(behind.now_queue(), QueueTime{});
}

}  // namespace
}  // namespace posthaste::store
