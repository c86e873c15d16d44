// Worker: one thread with one io_context. What lives on a worker is touched by its thread alone, so
// it needs no locks. The only ways in from outside are `post` and the adapter in callback.h.
#pragma once

#include "base/time.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace posthaste::runtime {

namespace detail {
struct WorkerImpl;  // detail/worker_impl.h, for sources of runtime/ and net/
}

class Worker {
  public:
    explicit Worker(std::string thread_name, std::size_t index = 0);
    ~Worker();  // stopped and joined
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();  // starts the thread
    void run();    // or: runs on the calling thread until stop (tests, command-line tools)
    void stop();   // any thread; work that is queued is not run any more
    void join();

    // Runs `work` on the worker's thread, in order. Any thread.
    void post(std::move_only_function<void()> work);

    std::size_t index() const;
    bool is_current() const;
    static Worker* current();  // of the calling thread, or null

    // A one-shot timer: `work` runs on the worker's thread at `at` or soon after. Worker thread
    // only. The deadlines of all waits go through here; the kernel's timer is re-armed only when
    // the earliest moves closer.
    using TimerId = std::uint64_t;
    TimerId call_at(SteadyTime at, std::move_only_function<void()> work);
    void forget(TimerId id);  // no effect if it has run

    detail::WorkerImpl& impl() { return *impl_; }

  private:
    std::unique_ptr<detail::WorkerImpl> impl_;
};

class WorkerPool {
  public:
    explicit WorkerPool(std::size_t count);
    ~WorkerPool();

    void start();
    void stop_and_join();

    std::size_t size() const { return workers_.size(); }

    Worker& operator[](std::size_t i) { return *workers_[i]; }

    Worker& next();  // round robin, any thread

  private:
    std::vector<std::unique_ptr<Worker>> workers_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace posthaste::runtime
