// Task<T>: the one coroutine type. Lazy, awaited exactly once, symmetric transfer. A task runs on
// the worker where its root was spawned and never moves.
//
// Every chain of tasks shares one TaskContext, handed down from the awaiting coroutine: it knows
// the worker, whether the chain is cancelled, and the one wait it is suspended in. Cancelling
// resumes that wait with ErrorKind::cancelled; a frame is never destroyed while suspended, and
// every later wait of a cancelled chain fails at once.
#pragma once

#include "base/assert.h"

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace posthaste::runtime {

class Worker;

// A wait in progress. `cancel` is called on the chain's worker, at most once, and must lead to the
// resumption of the waiting coroutine by the worker's loop, never from inside the call.
class Wait {
  public:
    virtual void cancel() = 0;

  protected:
    ~Wait() = default;
};

struct TaskContext {
    Worker* worker = nullptr;
    bool cancelled = false;
    Wait* wait = nullptr;  // what the chain is suspended in, if anything
};

template <class T>
class Task;

namespace detail {

struct PromiseBase {
    TaskContext* context = nullptr;
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr exception;

    std::suspend_always initial_suspend() noexcept { return {}; }

    struct FinalAwaiter {
        bool await_ready() noexcept { return false; }

        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> handle) noexcept {
            return handle.promise().continuation;
        }

        void await_resume() noexcept {}
    };

    FinalAwaiter final_suspend() noexcept { return {}; }

    void unhandled_exception() { exception = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;

    Task<T> get_return_object();

    template <class U>
    void return_value(U&& v) {
        value.emplace(std::forward<U>(v));
    }

    T take() {
        if (exception) std::rethrow_exception(exception);
        PH_ASSERT(value.has_value());
        return std::move(*value);
    }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object();

    void return_void() {}

    void take() {
        if (exception) std::rethrow_exception(exception);
    }
};

template <class T>
struct TaskAwaiter {
    std::coroutine_handle<Promise<T>> child;

    bool await_ready() noexcept { return false; }

    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) noexcept {
        child.promise().context = parent.promise().context;
        child.promise().continuation = parent;
        return child;
    }

    T await_resume() { return child.promise().take(); }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
  public:
    using promise_type = detail::Promise<T>;

    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}

    Task& operator=(Task&&) = delete;

    ~Task() {
        if (handle_) handle_.destroy();
    }

    // co_await std::move(task) or co_await f(): the child inherits the context.
    auto operator co_await() && noexcept { return detail::TaskAwaiter<T>{handle_}; }

    // For TaskGroup alone.
    std::coroutine_handle<promise_type> release() { return std::exchange(handle_, {}); }

  private:
    std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace detail

// The context of the running chain: `TaskContext& context = co_await this_task();`
struct ThisTask {
    TaskContext* context = nullptr;

    bool await_ready() noexcept { return false; }

    template <class P>
    bool await_suspend(std::coroutine_handle<P> handle) noexcept {
        context = handle.promise().context;
        return false;
    }

    TaskContext& await_resume() noexcept { return *context; }
};

inline ThisTask this_task() {
    return {};
}

}  // namespace posthaste::runtime
