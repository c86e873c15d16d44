// Waiter: what every awaiter of runtime/ and net/ has in common: the deadline, the cancelling, and
// the rule that a coroutine is resumed by its worker's loop, never from inside the call that made
// it ready. Lives in the waiting coroutine's frame; worker thread only.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "runtime/task.h"
#include "runtime/worker.h"

#include <coroutine>
#include <cstdint>

namespace posthaste::runtime::detail {

class Waiter : public Wait {
  public:
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    bool await_ready() const noexcept { return false; }

    template <class P>
    bool await_suspend(std::coroutine_handle<P> handle) {
        return suspend(handle, *handle.promise().context);
    }

    Result<void> await_resume() const;  // errors: timeout, cancelled

    void cancel() final;

  protected:
    enum class Cancelling { heeded, ignored };

    explicit Waiter(Deadline deadline, Cancelling cancelling = Cancelling::heeded)
        : deadline_(deadline), cancelling_(cancelling) {}

    ~Waiter() = default;

    // Arranges for `complete` or `complete_later`. False when there is nothing to wait for.
    virtual bool start() = 0;

    // The deadline passed or the chain was cancelled: undo `start`. Must lead to a resumption; here
    // by the worker's loop, in net/ by the aborted operation's handler.
    virtual void interrupt() { complete_later(); }

    // From a handler at the bottom of the worker's loop: resumes at once. The object may be gone
    // afterwards.
    void complete();
    // From anywhere else on the worker's thread.
    void complete_later();

    Worker& worker() const { return *context_->worker; }

  private:
    enum class End : std::uint8_t { none, ready, timeout, cancelled };

    bool suspend(std::coroutine_handle<> handle, TaskContext& context);
    void end(End end);
    void interrupted(End end);

    std::coroutine_handle<> handle_;
    TaskContext* context_ = nullptr;
    Worker::TimerId timer_ = 0;
    Deadline deadline_;
    Cancelling cancelling_;
    End end_ = End::none;
};

}  // namespace posthaste::runtime::detail
