#include "runtime/timer.h"

#include "runtime/run.h"

#include <thread>

#include <gtest/gtest.h>

namespace posthaste::runtime {
namespace {

using namespace std::chrono_literals;

class TimerTest : public testing::Test {
  protected:
    Log log_{{}};
    Worker worker_{"test"};
};

Task<int> sleep_twice(SteadyTime until) {
    auto first = co_await sleep_until(until);
    auto second = co_await sleep_until(SteadyTime::min());  // a moment long past
    co_return (first ? 1 : 0) + (second ? 1 : 0);
}

TEST_F(TimerTest, SleepsUntilTheMoment) {
    auto until = std::chrono::steady_clock::now() + 20ms;
    EXPECT_EQ(run_to_end(worker_, log_, sleep_twice(until)), 2);
    EXPECT_GE(std::chrono::steady_clock::now(), until);
}

Task<void> note(std::vector<int>& order, int number, Milliseconds wait) {
    auto slept = co_await sleep_for(wait);
    if (slept) order.push_back(number);
}

Task<std::vector<int>> start_three(Worker& worker, Log& log) {
    std::vector<int> order;
    TaskGroup group(worker, log);
    group.spawn(note(order, 3, 30ms));
    group.spawn(note(order, 1, 5ms));  // earlier than what the kernel's timer is set to
    group.spawn(note(order, 2, 15ms));
    co_await group.wait_empty(Deadline{});
    co_return order;
}

TEST_F(TimerTest, AnEarlierTimerComesFirst) {
    auto order = run_to_end(worker_, log_, start_three(worker_, log_));
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(TimerTest, ATimerThatSetsItselfForThePastDoesNotHoldTheLoop) {
    int runs = 0;
    bool done = false;
    std::function<void()> again = [&] {
        ++runs;
        if (!done) worker_.call_at(SteadyTime::min(), [&] { again(); });
    };
    again();
    worker_.call_at(std::chrono::steady_clock::now(), [&] { worker_.post([&] { done = true; }); });
    detail::run_until(worker_, done);
    EXPECT_GE(runs, 2);
}

TEST_F(TimerTest, ForgettingOneOfTwoDueTimersFromTheOther) {
    bool done = false;
    bool wrong = false;
    Worker::TimerId second = 0;
    auto past = std::chrono::steady_clock::now() - 1s;
    worker_.call_at(past, [&] { worker_.forget(second); });
    second = worker_.call_at(past + 1ms, [&] { wrong = true; });
    worker_.call_at(past + 2ms, [&] { done = true; });
    detail::run_until(worker_, done);
    EXPECT_FALSE(wrong);
}

Task<void> yield_times(int times, std::string& turns, char name) {
    for (int i = 0; i < times; ++i) {
        turns += name;
        auto yielded = co_await yield();
        if (!yielded) turns += '!';
    }
}

Task<std::string> take_turns(Worker& worker, Log& log) {
    std::string turns;
    TaskGroup group(worker, log);
    group.spawn(yield_times(2, turns, 'a'));
    group.spawn(yield_times(2, turns, 'b'));
    co_await group.wait_empty(Deadline{});
    group.spawn(yield_times(1, turns, 'c'));
    group.cancel();
    co_await group.close();
    co_return turns;
}

TEST_F(TimerTest, YieldTakesTurns) {
    EXPECT_EQ(run_to_end(worker_, log_, take_turns(worker_, log_)), "ababc");
}

Task<std::string> wait_for(Notifier& notifier, Deadline deadline) {
    auto woken = co_await notifier.wait(deadline);
    co_return woken ? "woken" : std::string(to_string(woken.error().kind));
}

TEST_F(TimerTest, ANotifyWithoutWaiterIsRememberedOnce) {
    Notifier notifier;
    notifier.notify();
    notifier.notify();
    EXPECT_EQ(run_to_end(worker_, log_, wait_for(notifier, Deadline{})), "woken");
    EXPECT_EQ(run_to_end(worker_, log_, wait_for(notifier, Deadline::after(1ms))),
              std::string(to_string(ErrorKind::timeout)));
    // The wait that ran out of time is no longer among those to be told.
    notifier.notify();
    EXPECT_EQ(run_to_end(worker_, log_, wait_for(notifier, Deadline{})), "woken");
}

Task<void> collect(Notifier& notifier, std::vector<std::string>& out) {
    auto word = co_await wait_for(notifier, Deadline{});
    out.push_back(word);
}

Task<std::vector<std::string>> notify_many(Worker& worker, Log& log) {
    Notifier notifier;
    std::vector<std::string> out;
    TaskGroup group(worker, log);
    for (int i = 0; i < 3; ++i) group.spawn(collect(notifier, out));
    notifier.notify();
    EXPECT_TRUE(out.empty());  // resumed by the loop, not from inside notify
    co_await group.wait_empty(Deadline{});
    group.spawn(collect(notifier, out));
    co_await group.close();
    co_return out;
}

TEST_F(TimerTest, NotifyWakesAllAndCancelEndsAWait) {
    auto out = run_to_end(worker_, log_, notify_many(worker_, log_));
    EXPECT_EQ(out, (std::vector<std::string>{"woken", "woken", "woken",
                                             std::string(to_string(ErrorKind::cancelled))}));
}

}  // namespace
}  // namespace posthaste::runtime
