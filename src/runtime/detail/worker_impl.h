// The inside of a Worker, for sources of runtime/ and net/ only.
#pragma once

#include "runtime/detail/asio.h"
#include "runtime/detail/timer_heap.h"
#include "runtime/worker.h"

#include <atomic>
#include <coroutine>
#include <string>
#include <thread>
#include <vector>

namespace posthaste::runtime::detail {

using Executor = boost::asio::io_context::executor_type;

struct WorkerImpl {
    WorkerImpl(Worker& worker, std::string thread_name, std::size_t number);

    // The thread that calls this is the worker's until the matching leave().
    void enter();
    void leave();

    // Runs handlers on the calling thread until `done`. For run_to_end alone.
    void run_until(const bool& done);

    void resume_later(std::coroutine_handle<> handle);
    void arm();
    void on_kernel_timer();

    Worker& self;
    const std::string name;
    const std::size_t index;

    // First of the members that own handlers, so that it outlives them all.
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<Executor> work{io.get_executor()};
    std::thread thread;

    TimerHeap timers;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
        kernel_timer{io.get_executor()};
    SteadyTime armed_for = SteadyTime::max();
    SteadyTime fired_until{};  // all timers up to here have run

    std::vector<std::coroutine_handle<>> ready;  // to be resumed by the handler that is posted
    std::vector<std::coroutine_handle<>> resuming;
};

}  // namespace posthaste::runtime::detail
