#include "submission/pace.h"

#include "submission/login_failures.h"

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

const SteadyTime kStart = SteadyTime() + std::chrono::hours(1);

SteadyTime at(int seconds) {
    return kStart + Seconds(seconds);
}

TEST(Pace, SilenceEndsIt) {
    Pace pace(Seconds(180), kStart);
    EXPECT_EQ(pace.deadline().at, at(180));
    EXPECT_TRUE(pace.arrived(1, at(170)));
    EXPECT_EQ(pace.deadline().at, at(350));
}

TEST(Pace, AnOctetNowAndThenIsTooSlow) {
    Pace pace(Seconds(180), kStart);
    EXPECT_TRUE(pace.arrived(1, at(1)));
    for (int i = 2; i < 60; ++i) EXPECT_TRUE(pace.arrived(1, at(i)));
    EXPECT_FALSE(pace.arrived(1, at(60)));
    // With long gaps too.
    Pace gaps(Seconds(180), kStart);
    EXPECT_TRUE(gaps.arrived(1, at(100)));
    EXPECT_FALSE(gaps.arrived(1, at(200)));
}

TEST(Pace, AKilobyteASecondIsFastEnough) {
    Pace pace(Seconds(180), kStart);
    for (int i = 1; i < 600; ++i) EXPECT_TRUE(pace.arrived(1100, at(i))) << i;
}

TEST(Pace, AStallBehindAGoodMinuteIsForgiven) {
    Pace pace(Seconds(180), kStart);
    EXPECT_TRUE(pace.arrived(100'000, at(30)));
    EXPECT_TRUE(pace.arrived(100'000, at(200)));
    EXPECT_TRUE(pace.arrived(1, at(201)));
}

TEST(LoginFailures, SlowDownAndEnd) {
    LoginFailures failures;
    EXPECT_EQ(failures.add(1), Milliseconds(500));
    EXPECT_EQ(failures.add(2), Milliseconds(1000));
    EXPECT_EQ(failures.add(3), Milliseconds(2000));
    EXPECT_EQ(failures.add(4), Milliseconds(4000));
    EXPECT_FALSE(failures.too_many());
    EXPECT_EQ(failures.add(5), Milliseconds(8000));
    EXPECT_TRUE(failures.too_many());
}

TEST(LoginFailures, LoginBehindPlainIsTheSameAttempt) {
    LoginFailures failures;
    const SteadyTime start = std::chrono::steady_clock::now();
    EXPECT_EQ(failures.add(7, 1, start), LoginFailures::kFirstDelay);
    EXPECT_EQ(failures.add(7, 2, start + Seconds(2)), LoginFailures::kFirstDelay);
    EXPECT_EQ(failures.add(7, 1, start + Seconds(60)), 2 * LoginFailures::kFirstDelay);
    EXPECT_EQ(failures.add(7, 2, start + Seconds(70)), 4 * LoginFailures::kFirstDelay);
    EXPECT_EQ(failures.add(8, 1, start + Seconds(71)), 8 * LoginFailures::kFirstDelay);
}

TEST(LoginFailures, TheSameAttemptAgainIsNoNewGuess) {
    LoginFailures failures;
    for (std::size_t i = 1; i < LoginFailures::kMaxAttempts; ++i) {
        EXPECT_LE(failures.add(7), LoginFailures::kLongestDelay);
        EXPECT_FALSE(failures.too_many()) << i;
    }
    failures.add(7);
    EXPECT_TRUE(failures.too_many());
}

}  // namespace
}  // namespace posthaste::submission
