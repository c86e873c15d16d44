#include "runtime/callback.h"

#include "runtime/run.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace posthaste::runtime {
namespace {

using namespace std::chrono_literals;

class CallbackTest : public testing::Test {
  protected:
    Log log_{{}};
    Worker worker_{"test"};
};

Task<Result<int>> wait_for(Callback<int> callback, Deadline deadline) {
    co_return co_await callback.wait(deadline);
}

TEST_F(CallbackTest, CompletedBeforeTheWait) {
    Callback<int> callback;
    callback(7);
    callback(8);  // discarded
    auto answer = run_to_end(worker_, log_, wait_for(callback, Deadline{}));
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ(**answer, 7);
}

TEST_F(CallbackTest, CompletedByAnotherThread) {
    Callback<int> callback;
    std::jthread other([callback] { callback(fail(ErrorKind::busy, "full")); });
    auto answer = run_to_end(worker_, log_, wait_for(callback, Deadline{}));
    ASSERT_TRUE(answer && !*answer);
    EXPECT_EQ(answer->error().kind, ErrorKind::busy);
}

TEST_F(CallbackTest, TheDeadlineEndsTheWaitAndALateAnswerIsDiscarded) {
    Callback<int> callback;
    auto answer = run_to_end(worker_, log_, wait_for(callback, Deadline::after(1ms)));
    ASSERT_TRUE(answer && !*answer);
    EXPECT_EQ(answer->error().kind, ErrorKind::timeout);
    callback(1);
}

Task<void> keep(Callback<int> callback, Deadline deadline, std::vector<ErrorKind>& errors,
                int& answers) {
    auto answer = co_await callback.wait(deadline);
    if (answer) {
        ++answers;
    } else {
        errors.push_back(answer.error().kind);
    }
}

Task<std::vector<ErrorKind>> cancel_before_and_during(Worker& worker, Log& log) {
    std::vector<ErrorKind> errors;
    int answers = 0;
    TaskGroup group(worker, log);
    Callback<int> never;
    group.spawn(keep(never, Deadline{}, errors, answers));
    co_await group.close();
    never(1);
    co_return errors;
}

TEST_F(CallbackTest, CancelEndsTheWait) {
    auto errors = run_to_end(worker_, log_, cancel_before_and_during(worker_, log_));
    EXPECT_EQ(errors, (std::vector{ErrorKind::cancelled}));
}

// Answers, deadlines and cancelling all race, from several threads; every wait ends exactly once.
Task<int> race(Worker& worker, Log& log, std::vector<Callback<int>> callbacks, Milliseconds until) {
    std::vector<ErrorKind> errors;
    int answers = 0;
    TaskGroup group(worker, log);
    auto now = std::chrono::steady_clock::now();
    int number = 0;
    for (auto& callback : callbacks) {
        group.spawn(keep(callback, Deadline{now + std::chrono::microseconds(10 * ++number)}, errors,
                         answers));
    }
    co_await group.wait_empty(Deadline::after(until));
    co_await group.close();
    co_return answers + static_cast<int>(errors.size());
}

TEST_F(CallbackTest, AnswerDeadlineAndCancelRace) {
    for (int round = 0; round < 20; ++round) {
        std::vector<Callback<int>> callbacks(200);
        std::jthread first([&callbacks] {
            for (std::size_t i = 0; i < callbacks.size(); i += 2) callbacks[i](1);
        });
        std::jthread second([&callbacks] {
            for (auto& callback : callbacks) callback(2);
        });
        auto ended =
            run_to_end(worker_, log_, race(worker_, log_, callbacks, Milliseconds(round % 3)));
        EXPECT_EQ(ended, 200);
    }
}

TEST_F(CallbackTest, AnAnswerAfterTheWorkerIsGone) {
    Callback<int> callback;
    {
        Worker worker("short");
        auto answer = run_to_end(worker, log_, wait_for(callback, Deadline::after(1ms)));
        EXPECT_FALSE(*answer);
    }
    callback(1);
}

}  // namespace
}  // namespace posthaste::runtime
