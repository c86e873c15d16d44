#include "runtime/task_group.h"

#include "runtime/callback.h"
#include "runtime/run.h"
#include "runtime/timer.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace posthaste::runtime {
namespace {

using namespace std::chrono_literals;

class TaskGroupTest : public testing::Test {
  protected:
    Log log_{{}};
    Worker worker_{"test"};
};

Task<std::uint64_t> count_down(std::uint64_t n) {
    if (n == 0) co_return 0;
    auto rest = co_await count_down(n - 1);
    co_return rest + 1;
}

Task<int> one() {
    co_return 1;
}

Task<int> loop(int times) {
    int sum = 0;
    for (int i = 0; i < times; ++i) sum += co_await one();
    co_return sum;
}

TEST_F(TaskGroupTest, DeepAndLongSynchronousChainsUseNoStack) {
    EXPECT_EQ(run_to_end(worker_, log_, count_down(100'000)), 100'000U);
    EXPECT_EQ(run_to_end(worker_, log_, loop(1'000'000)), 1'000'000);
}

Task<int> thrower() {
    throw std::runtime_error("thrown on purpose by a test");
    co_return 1;
}

Task<int> catcher() {
    try {
        co_return co_await thrower();
    } catch (const std::runtime_error&) {
        co_return 2;
    }
}

Task<void> thrower_root() {
    static_cast<void>(co_await thrower());
}

Task<int> others_live(Worker& worker, Log& log) {
    TaskGroup group(worker, log);
    group.spawn(thrower_root());
    auto size = group.size();
    co_return static_cast<int>(size);
}

TEST_F(TaskGroupTest, AnExceptionEndsItsTaskOnly) {
    EXPECT_EQ(run_to_end(worker_, log_, catcher()), 2);
    EXPECT_EQ(run_to_end(worker_, log_, others_live(worker_, log_)), 0);
    EXPECT_EQ(run_to_end(worker_, log_, thrower()), std::nullopt);
}

// What a chain sees after it was cancelled: the wait it is in and every later one fail at once,
// cleanup without waits runs to its end, and the arguments live until then.
struct Trace {
    std::vector<std::string> seen;
};

Task<void> inner(Trace& trace) {
    auto slept = co_await sleep_for(1h);
    trace.seen.push_back(slept ? "slept" : std::string(to_string(slept.error().kind)));
    auto again = co_await sleep_for(1h);
    trace.seen.push_back(again ? "slept" : std::string(to_string(again.error().kind)));
}

Task<void> outer(Trace& trace, std::shared_ptr<int> argument) {
    co_await inner(trace);
    trace.seen.push_back("cleanup " + std::to_string(argument.use_count()));
}

Task<Trace> cancelled_chain(Worker& worker, Log& log) {
    Trace trace;
    auto argument = std::make_shared<int>(1);
    TaskGroup group(worker, log);
    group.spawn(outer(trace, argument));
    group.cancel();
    EXPECT_TRUE(trace.seen.empty());      // goes on by the loop only
    group.spawn(outer(trace, argument));  // refused: never starts
    EXPECT_EQ(group.size(), 1U);
    co_await group.close();
    trace.seen.push_back("closed " + std::to_string(argument.use_count()));
    co_return trace;
}

TEST_F(TaskGroupTest, CancelFailsEveryWait) {
    auto trace = run_to_end(worker_, log_, cancelled_chain(worker_, log_));
    std::string cancelled(to_string(ErrorKind::cancelled));
    EXPECT_EQ(trace->seen,
              (std::vector<std::string>{cancelled, cancelled, "cleanup 2", "closed 1"}));
}

// A cancelled owner still closes its own group in full.
Task<void> owner(Worker& worker, Log& log, Trace& trace) {
    TaskGroup children(worker, log);
    children.spawn(outer(trace, std::make_shared<int>(1)));
    auto slept = co_await sleep_for(1h);
    EXPECT_FALSE(slept);
    co_await children.close();
    trace.seen.push_back("owner done");
}

Task<Trace> nested(Worker& worker, Log& log) {
    Trace trace;
    TaskGroup group(worker, log);
    group.spawn(owner(worker, log, trace));
    co_await group.close();
    co_return trace;
}

TEST_F(TaskGroupTest, CloseWorksInACancelledChain) {
    auto trace = run_to_end(worker_, log_, nested(worker_, log_));
    EXPECT_EQ(trace->seen.back(), "owner done");
    EXPECT_EQ(trace->seen.size(), 4U);
}

Task<void> sleep_short(Milliseconds wait) {
    static_cast<void>(co_await sleep_for(wait));
}

Task<std::vector<std::size_t>> wait_sizes(Worker& worker, Log& log) {
    std::vector<std::size_t> sizes;
    TaskGroup group(worker, log);
    group.spawn(sleep_short(1h));
    group.spawn(sleep_short(1ms));
    co_await group.wait_empty(Deadline::after(20ms));
    sizes.push_back(group.size());
    co_await group.close();
    sizes.push_back(group.size());
    co_await group.wait_empty(Deadline{});
    co_return sizes;
}

TEST_F(TaskGroupTest, WaitEmptyHasADeadline) {
    EXPECT_EQ(run_to_end(worker_, log_, wait_sizes(worker_, log_)),
              (std::vector<std::size_t>{1, 0}));
}

// A task may cancel its own group while it runs: its next wait fails.
Task<void> self_canceller(TaskGroup& group, Trace& trace) {
    group.cancel();
    auto slept = co_await sleep_for(1h);
    trace.seen.push_back(slept ? "slept" : std::string(to_string(slept.error().kind)));
}

Task<Trace> self_cancel(Worker& worker, Log& log) {
    Trace trace;
    TaskGroup group(worker, log);
    group.spawn(self_canceller(group, trace));
    co_await group.close();
    co_return trace;
}

TEST_F(TaskGroupTest, ATaskCancelsItsOwnGroup) {
    auto trace = run_to_end(worker_, log_, self_cancel(worker_, log_));
    EXPECT_EQ(trace->seen,
              (std::vector<std::string>{std::string(to_string(ErrorKind::cancelled))}));
}

TEST_F(TaskGroupTest, ADestroyedGroupWithATaskLeftAborts) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            TaskGroup group(worker_, log_);
            group.spawn(sleep_short(1h));
        },
        "size == 0");
}

Task<void> hop(Worker& home, std::atomic<int>& hops, int times) {
    for (int i = 0; i < times; ++i) {
        Callback<int> done;
        std::jthread other([done, i] { done(i); });
        auto answer = co_await done.wait(Deadline::after(10s));
        if (answer && home.is_current()) ++hops;
    }
}

TEST(Worker, TasksStayOnTheWorkerWhereTheyStarted) {
    Log log{{}};
    WorkerPool workers(2);
    TaskGroup first(workers[0], log);
    TaskGroup second(workers[1], log);
    std::atomic<int> hops{0};
    workers.start();
    Callback<int> ended[2];
    for (int i = 0; i < 2; ++i) {
        auto& group = i == 0 ? first : second;
        auto start = [&group, &hops] { group.spawn(hop(group.worker(), hops, 100)); };
        group.worker().post(start);
    }
    while (hops < 200) std::this_thread::yield();
    workers.stop_and_join();
    EXPECT_EQ(first.size() + second.size(), 0U);
}

TEST(Worker, PostKeepsTheOrderOfOneThread) {
    Worker worker("test");
    std::vector<int> order;
    bool done = false;
    std::jthread other([&] {
        for (int i = 0; i < 1000; ++i) worker.post([&order, i] { order.push_back(i); });
        worker.post([&done] { done = true; });
    });
    detail::run_until(worker, done);
    EXPECT_TRUE(std::ranges::is_sorted(order));
    EXPECT_EQ(order.size(), 1000U);
}

TEST(Worker, WorkThatIsLeftAtTheEndIsDestroyedUnrun) {
    auto owned = std::make_shared<int>(1);
    {
        Worker worker("test");
        worker.post([owned] { FAIL(); });
        worker.call_at(SteadyTime::min(), [owned] { FAIL(); });
        EXPECT_EQ(owned.use_count(), 3);
    }
    EXPECT_EQ(owned.use_count(), 1);
}

}  // namespace
}  // namespace posthaste::runtime
