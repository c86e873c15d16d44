#include "store/submission_queue.h"

#include "store/testing.h"

#include <thread>

#include <gtest/gtest.h>

namespace posthaste::store {
namespace {

constexpr Seconds kLong{30};  // a test that needs it has failed

Submission submission() {
    return Submission::make(testing::changes_of(testing::make_message()),
                            [](const Result<void>&) {});
}

SubmissionQueue::Options options(Milliseconds gather) {
    return {.max_waiting = 1000, .max_waiting_octets = 1 << 30, .gather_from = 4, .gather = gather};
}

SteadyTime in(Milliseconds wait) {
    return std::chrono::steady_clock::now() + wait;
}

TEST(SubmissionQueue, few_are_never_kept_waiting) {
    SubmissionQueue queue(options(kLong));
    for (int i = 0; i < 3; ++i) queue.push(submission());
    EXPECT_EQ(queue.take(in(kLong)).batch.size(), 3u);
}

TEST(SubmissionQueue, many_are_gathered_until_the_time_is_up_and_then_they_are_known) {
    SubmissionQueue queue(options(Milliseconds(200)));
    for (int i = 0; i < 6; ++i) queue.push(submission());
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(queue.take(in(kLong)).batch.size(), 6u);
    EXPECT_GE(std::chrono::steady_clock::now() - start, Milliseconds(190));
    // The six producers were answered and come again: nobody else is waited for.
    const auto again = std::chrono::steady_clock::now();
    for (int i = 0; i < 6; ++i) queue.push(submission());
    EXPECT_EQ(queue.take(in(kLong)).batch.size(), 6u);
    EXPECT_LT(std::chrono::steady_clock::now() - again, Milliseconds(150));
}

TEST(SubmissionQueue, the_last_of_those_that_are_known_ends_the_wait) {
    SubmissionQueue queue(options(Milliseconds(500)));
    for (int i = 0; i < 5; ++i) queue.push(submission());
    EXPECT_EQ(queue.take(in(kLong)).batch.size(), 5u);
    for (int i = 0; i < 4; ++i) queue.push(submission());
    const auto start = std::chrono::steady_clock::now();
    std::jthread last([&] { queue.push(submission()); });
    EXPECT_EQ(queue.take(in(kLong)).batch.size(), 5u);
    EXPECT_LT(std::chrono::steady_clock::now() - start, Milliseconds(400));
}

TEST(SubmissionQueue, a_full_batch_is_not_kept_waiting) {
    SubmissionQueue::Options o = options(kLong);
    o.max_batch = 10;
    SubmissionQueue queue(o);
    for (int i = 0; i < 25; ++i) queue.push(submission());
    EXPECT_EQ(queue.take(in(kLong)).batch.size(), 10u);
    EXPECT_EQ(queue.take(in(kLong)).batch.size(), 10u);
}

TEST(SubmissionQueue, stopping_hands_out_what_waits_at_once) {
    SubmissionQueue queue(options(kLong));
    for (int i = 0; i < 6; ++i) queue.push(submission());
    queue.stop();
    const auto taken = queue.take(in(kLong));
    EXPECT_EQ(taken.batch.size(), 6u);
    EXPECT_FALSE(taken.stopping);
    EXPECT_TRUE(queue.take(in(kLong)).stopping);
}

TEST(SubmissionQueue, returns_empty_when_woken_or_when_the_time_is_up) {
    SubmissionQueue queue(options(Milliseconds(1)));
    queue.wake();
    EXPECT_TRUE(queue.take(in(kLong)).batch.empty());
    EXPECT_TRUE(queue.take(in(Milliseconds(1))).batch.empty());
}

TEST(SubmissionQueue, what_is_refused_keeps_its_file_name_and_no_octets) {
    SubmissionQueue::Options o = options(Milliseconds(0));
    o.max_waiting = 0;
    SubmissionQueue queue(o);
    AddMessage message = testing::make_message();
    message.row.body.file = "name";
    queue.push(
        Submission::make(testing::changes_of(std::move(message)), [](const Result<void>&) {}));
    const auto taken = queue.take(in(kLong));
    ASSERT_EQ(taken.refused.size(), 1u);
    const auto& row = std::get<AddMessage>(taken.refused[0].changes.at(0)).row;
    EXPECT_EQ(row.body.file, "name");
    EXPECT_EQ(row.body.octets, nullptr);
    EXPECT_EQ(row.header, nullptr);
}

}  // namespace
}  // namespace posthaste::store
