#include "queue/retry.h"

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using store::QueueTime;

constexpr QueueTime kStart{Milliseconds(1'000'000)};

TEST(Retry, StepsAreThoseOfTheScheduleAndTheLastRepeats) {
    const RetrySchedule schedule;
    const Seconds expected[] = {minutes(5), minutes(10), minutes(15), minutes(30),
                                hours(1),   hours(2),    hours(4),    hours(4)};
    std::uint32_t attempts = 0;
    for (const Seconds step : expected) {
        ++attempts;
        EXPECT_EQ(schedule.next(attempts, kStart, {kStart, kStart + days(5)}, {}, 0), kStart + step)
            << "attempt " << attempts;
        const auto latest = schedule.next(attempts, kStart, {kStart, kStart + days(5)}, {}, 0.999);
        ASSERT_TRUE(latest);
        EXPECT_GT(*latest, kStart + step);
        EXPECT_LE(*latest, kStart + step + step * 15 / 100) << "attempt " << attempts;
    }
}

TEST(Retry, ThirtyFourToThirtySixAttemptsInFiveDays) {
    const RetrySchedule schedule;
    for (const double jitter : {0.0, 0.5, 0.99}) {
        QueueTime now = kStart;
        std::uint32_t attempts = 1;
        while (const auto next =
                   schedule.next(attempts, now, {kStart, kStart + days(5)}, {}, jitter)) {
            EXPECT_GT(*next, now);
            now = *next;
            ++attempts;
        }
        EXPECT_EQ(now, kStart + days(5) - minutes(1)) << "one last attempt before the end";
        EXPECT_GE(attempts, 32U);
        EXPECT_LE(attempts, 37U);
    }
}

struct NextRow {
    const char* name;
    Seconds now;  // since the start, of an hour to live
    std::optional<Seconds> asked;
    std::optional<Seconds> wanted;
};

class RetryNext : public testing::TestWithParam<NextRow> {};

TEST_P(RetryNext, Is) {
    const RetrySchedule schedule;
    const auto next =
        schedule.next(1, kStart + GetParam().now, {kStart, kStart + hours(1)}, GetParam().asked, 0);
    if (!GetParam().wanted) {
        EXPECT_FALSE(next);
    } else {
        EXPECT_EQ(next, kStart + *GetParam().wanted);
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, RetryNext,
    testing::Values(
        NextRow{"the_reply_asks_for_more", Seconds(0), minutes(20), minutes(20)},
        NextRow{"greylisting_is_taken_at_its_word", Seconds(0), Seconds(300), Seconds(305)},
        NextRow{"the_reply_asks_for_less", Seconds(0), Seconds(30), Seconds(30)},
        NextRow{"the_reply_asks_for_nothing_at_all", Seconds(0), Seconds(0), Seconds(1)},
        NextRow{"the_reply_asks_for_too_much", Seconds(0), days(9), minutes(59)},
        NextRow{"a_last_attempt", minutes(57), {}, minutes(59)},
        NextRow{"after_the_last_attempt", minutes(59), {}, {}},
        NextRow{"long_after_a_restart", days(30), {}, {}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Retry, AShortLifeHasMoreThanOneAttempt) {
    RetrySchedule schedule;
    schedule.steps = {Seconds(5)};
    for (const Seconds life : {Seconds(20), Seconds(60), Seconds(90), Seconds(600)}) {
        SCOPED_TRACE(life.count());
        QueueTime now = kStart;
        std::uint32_t attempts = 1;
        while (const auto next = schedule.next(attempts, now, {kStart, kStart + life}, {}, 0)) {
            now = *next;
            ++attempts;
        }
        EXPECT_EQ(now, kStart + life - std::min<Milliseconds>(minutes(1), Milliseconds(life) / 10));
        EXPECT_GE(attempts, 4U);
    }
}

TEST(Retry, AnEmptyScheduleStillWaits) {
    RetrySchedule schedule;
    schedule.steps.clear();
    EXPECT_EQ(schedule.next(1, kStart, {kStart, kStart + days(1)}, {}, 0), kStart + minutes(5));
}

}  // namespace
}  // namespace posthaste::queue
