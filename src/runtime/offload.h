// Blocking work (hashing, reading the store, files) leaves the worker and comes back with its
// result.
#pragma once

#include "base/result.h"
#include "runtime/callback.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>

namespace posthaste::runtime {

class BlockingPool {
  public:
    // `max_queued` bounds what waits for a thread.
    BlockingPool(std::string thread_name, std::size_t threads, std::size_t max_queued);
    ~BlockingPool();  // runs nothing more, joins

    // False when the queue is full. Any thread.
    bool try_post(std::move_only_function<void()> work);
    void stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Runs `work` (returning Result<U>) on the pool. Errors of its own: busy (queue full), timeout,
// cancelled; an exception becomes ErrorKind::io. `work` owns what it touches: it may outlive the
// waiting task.
template <class F>
auto offload(BlockingPool& pool, F work, Deadline deadline) -> Task<std::invoke_result_t<F&>> {
    using R = std::invoke_result_t<F&>;
    using T = typename R::value_type;
    Callback<T> done;
    auto job = [work = std::move(work), done]() mutable {
        try {
            done(work());
        } catch (const std::exception& e) {
            done(fail(ErrorKind::io, e.what()));
        }
    };
    if (!pool.try_post(std::move(job)))
        co_return fail(ErrorKind::busy, "too much is waiting for a thread");
    co_return co_await done.wait(deadline);
}

}  // namespace posthaste::runtime
