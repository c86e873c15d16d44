#include "queue/report/report_desk.h"

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

const store::QueueTime kNow(Milliseconds(1'000'000));

TEST(ReportDesk, counts_within_an_hour_of_the_first) {
    ReportDesk desk({.per_hour = 2});
    const auto first = desk.take("a@example.com", kNow);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->hour, kNow);
    EXPECT_EQ(first->made, 1U);
    const auto second = desk.take("a@example.com", kNow + Seconds(60));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->hour, kNow);
    EXPECT_EQ(second->made, 2U);
    EXPECT_FALSE(desk.take("a@example.com", kNow + Seconds(3599)));
    EXPECT_TRUE(desk.take("b@example.com", kNow + Seconds(3599)));
    const auto next = desk.take("a@example.com", kNow + Seconds(3600));
    ASSERT_TRUE(next);
    EXPECT_EQ(next->hour, kNow + Seconds(3600));
    EXPECT_EQ(next->made, 1U);
}

TEST(ReportDesk, none_of_their_own) {
    ReportDesk desk({.per_hour = 0});
    EXPECT_FALSE(desk.take("a@example.com", kNow));
}

TEST(ReportDesk, a_digest_is_due_once_behind_the_first_that_waits) {
    ReportDesk desk({.digest_every = Seconds(600)});
    EXPECT_FALSE(desk.next_due());
    EXPECT_EQ(desk.wait("a@example.com", kNow), kNow + Seconds(600));
    EXPECT_EQ(desk.wait("a@example.com", kNow + Seconds(500)), kNow + Seconds(600));
    EXPECT_EQ(desk.wait("b@example.com", kNow + Seconds(1)), kNow + Seconds(601));
    EXPECT_EQ(desk.next_due(), kNow + Seconds(600));
    EXPECT_FALSE(desk.take_due(kNow + Seconds(599)));
    EXPECT_EQ(desk.take_due(kNow + Seconds(600)), "a@example.com");
    EXPECT_FALSE(desk.take_due(kNow + Seconds(600)));
    desk.again_at("a@example.com", kNow + Seconds(700));
    EXPECT_EQ(desk.take_due(kNow + Seconds(900)), "b@example.com");
    EXPECT_EQ(desk.take_due(kNow + Seconds(900)), "a@example.com");
    EXPECT_FALSE(desk.next_due());
}

TEST(ReportDesk, accounts_of_hours_ago_are_forgotten) {
    ReportDesk desk({.per_hour = 1});
    for (int i = 0; i < 5000; ++i) desk.take(std::to_string(i), kNow + Seconds(i));
    EXPECT_FALSE(desk.take("4999", kNow + Seconds(5001)));
    EXPECT_TRUE(desk.take("0", kNow + Seconds(5001)));
}

}  // namespace
}  // namespace posthaste::queue
