#include "runtime/callback.h"

#include "runtime/detail/waiter.h"

namespace posthaste::runtime::detail {

struct SignalWait final : Waiter {
    SignalWait(Signal& signal, Deadline deadline) : Waiter(deadline), signal_(signal) {}

    bool start() override {
        MutexLock lock(signal_.mutex_);
        if (signal_.signalled_) return false;
        PH_ASSERT(signal_.waiter_ == nullptr);
        signal_.waiter_ = this;
        signal_.home_ = &worker();
        return true;
    }

    void interrupt() override {
        detach();
        complete_later();
    }

    void signalled() {
        detach();
        complete();
    }

  private:
    void detach() {
        signal_.waiter_ = nullptr;
        MutexLock lock(signal_.mutex_);
        signal_.home_ = nullptr;
    }

    Signal& signal_;
};

void Signal::signal() {
    MutexLock lock(mutex_);
    if (signalled_) return;
    signalled_ = true;
    // Posted under the lock: the waiter leaves only after taking it, so its worker is still there.
    if (home_ == nullptr) return;
    home_->post([self = shared_from_this()] {
        // The wait may have ended by its deadline or by cancelling since.
        if (self->waiter_ != nullptr) self->waiter_->signalled();
    });
}

Task<Result<void>> Signal::wait(Deadline deadline) {
    SignalWait wait(*this, deadline);
    co_return co_await wait;
}

}  // namespace posthaste::runtime::detail
