#include "runtime/detail/waiter.h"

#include "runtime/detail/worker_impl.h"

namespace posthaste::runtime::detail {

bool Waiter::suspend(std::coroutine_handle<> handle, TaskContext& context) {
    handle_ = handle;
    context_ = &context;
    bool heeded = cancelling_ == Cancelling::heeded;
    if (heeded && context.cancelled) {
        end_ = End::cancelled;
        return false;
    }
    if (!start()) {
        end_ = End::ready;
        return false;
    }
    if (end_ != End::none) return true;  // `start` completed it for the next turn of the loop
    if (heeded) context.wait = this;
    if (deadline_.at != SteadyTime::max()) {
        timer_ = worker().call_at(deadline_.at, [this] {
            timer_ = 0;
            interrupted(End::timeout);
        });
    }
    return true;
}

void Waiter::end(End end) {
    if (end_ != End::none) return;
    end_ = end;
    if (context_->wait == this) context_->wait = nullptr;
    if (timer_ != 0) worker().forget(std::exchange(timer_, 0));
}

void Waiter::interrupted(End end_as) {
    if (end_ != End::none) return;
    end(end_as);
    interrupt();
}

void Waiter::cancel() {
    interrupted(End::cancelled);
}

void Waiter::complete() {
    end(End::ready);
    handle_.resume();
}

void Waiter::complete_later() {
    end(End::ready);
    worker().impl().resume_later(handle_);
}

Result<void> Waiter::await_resume() const {
    switch (end_) {
        case End::timeout:
            return fail(ErrorKind::timeout, "the time for it was up");
        case End::cancelled:
            return fail(ErrorKind::cancelled, "stopped from our side");
        case End::none:
        case End::ready:
            return {};
    }
    return {};
}

}  // namespace posthaste::runtime::detail
