#include "runtime/offload.h"

#include "runtime/run.h"

#include <latch>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace posthaste::runtime {
namespace {

using namespace std::chrono_literals;

class OffloadTest : public testing::Test {
  protected:
    Log log_{{}};
    Worker worker_{"test"};
};

Task<Result<std::thread::id>> ask_thread(BlockingPool& pool) {
    auto work = []() -> Result<std::thread::id> { return std::this_thread::get_id(); };
    co_return co_await offload(pool, work, Deadline{});
}

TEST_F(OffloadTest, RunsOnAnotherThreadAndComesBack) {
    BlockingPool pool("pool", 1, 10);
    auto id = run_to_end(worker_, log_, ask_thread(pool));
    ASSERT_TRUE(id && *id);
    EXPECT_NE(**id, std::this_thread::get_id());
}

Task<Result<void>> throwing(BlockingPool& pool) {
    auto work = []() -> Result<void> { throw std::runtime_error("the disk fell off"); };
    co_return co_await offload(pool, work, Deadline{});
}

TEST_F(OffloadTest, AnExceptionBecomesAnError) {
    BlockingPool pool("pool", 1, 10);
    auto answer = run_to_end(worker_, log_, throwing(pool));
    ASSERT_TRUE(answer && !*answer);
    EXPECT_EQ(answer->error().kind, ErrorKind::io);
    EXPECT_EQ(answer->error().text, "the disk fell off");
}

Task<Result<int>> blocked(BlockingPool& pool, std::shared_ptr<std::latch> gate, Deadline deadline) {
    auto work = [gate]() -> Result<int> {
        gate->wait();
        return 1;
    };
    co_return co_await offload(pool, work, deadline);
}

TEST_F(OffloadTest, DeadlineAndFullQueue) {
    BlockingPool pool("pool", 1, 1);
    auto gate = std::make_shared<std::latch>(1);
    auto started = std::make_shared<std::latch>(1);
    ASSERT_TRUE(pool.try_post([started, gate] {
        started->count_down();
        gate->wait();
    }));
    started->wait();
    // One waits for the thread, and runs out of time; the next finds the queue full.
    auto late = run_to_end(worker_, log_, blocked(pool, gate, Deadline::after(1ms)));
    auto full = run_to_end(worker_, log_, blocked(pool, gate, Deadline{}));
    gate->count_down();
    ASSERT_TRUE(late && !*late && full && !*full);
    EXPECT_EQ(late->error().kind, ErrorKind::timeout);
    EXPECT_EQ(full->error().kind, ErrorKind::busy);
}

TEST_F(OffloadTest, StopRunsNothingMoreAndRefuses) {
    auto gate = std::make_shared<std::latch>(1);
    auto started = std::make_shared<std::latch>(1);
    bool ran = false;
    {
        BlockingPool pool("pool", 1, 10);
        ASSERT_TRUE(pool.try_post([started, gate] {
            started->count_down();
            gate->wait();
        }));
        ASSERT_TRUE(pool.try_post([&ran] { ran = true; }));
        started->wait();
        std::jthread opener([gate, &pool] {
            // stop() marks the pool first, so that the queued job is dropped before the gate opens.
            while (pool.try_post([] {})) std::this_thread::yield();
            gate->count_down();
        });
        pool.stop();
        EXPECT_FALSE(pool.try_post([] {}));
    }
    EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace posthaste::runtime
