// The one adapter from a callback to a task: waits until somebody, on any thread, completes it.
//
//   Callback<int> done;
//   ... hand a copy of `done` to the other side; it calls done(Result<int>) once ...
//   auto answer = co_await done.wait(Deadline::after(30s));     // Result<int>
//
// The first completion counts; later ones, and those that come after the wait has ended by its
// deadline or by cancelling, are discarded. A copy dropped without completing leaves the wait to
// its deadline.
#pragma once

#include "base/mutex.h"
#include "base/result.h"
#include "runtime/task.h"
#include "runtime/worker.h"

#include <functional>
#include <memory>
#include <utility>

namespace posthaste::runtime {

namespace detail {

// The untyped half: suspends the caller until `signal`, deadline or cancel. Shared by both sides.
class Signal : public std::enable_shared_from_this<Signal> {
  public:
    void signal();                               // any thread, any number of times
    Task<Result<void>> wait(Deadline deadline);  // once; errors: timeout, cancelled

  private:
    friend struct SignalWait;
    Mutex mutex_;
    bool signalled_ PH_GUARDED_BY(mutex_) = false;
    Worker* home_ PH_GUARDED_BY(mutex_) = nullptr;  // set while somebody waits
    struct SignalWait* waiter_ = nullptr;           // home thread only
};

}  // namespace detail

template <class T>
class Callback {
  public:
    Callback() : state_(std::make_shared<State>()) {}

    void operator()(Result<T> value) const {
        {
            MutexLock lock(state_->mutex);
            if (state_->value) return;
            state_->value.emplace(std::move(value));
        }
        state_->signal();
    }

    Task<Result<T>> wait(Deadline deadline) const {
        auto state = state_;
        auto signalled = co_await state->wait(deadline);
        MutexLock lock(state->mutex);
        if (state->value) co_return std::move(*state->value);
        co_return std::unexpected(std::move(signalled).error());
    }

  private:
    struct State : detail::Signal {
        Mutex mutex;
        std::optional<Result<T>> value PH_GUARDED_BY(mutex);
    };

    std::shared_ptr<State> state_;
};

}  // namespace posthaste::runtime
