#include "runtime/timer.h"

#include "runtime/detail/waiter.h"

#include <algorithm>

namespace posthaste::runtime {

namespace {

class SleepWait final : public detail::Waiter {
  public:
    explicit SleepWait(SteadyTime at) : Waiter(Deadline{at}) {}

  private:
    bool start() override { return true; }
};

class YieldWait final : public detail::Waiter {
  public:
    YieldWait() : Waiter(Deadline{}) {}

  private:
    bool start() override {
        complete_later();
        return true;
    }
};

}  // namespace

Task<Result<void>> yield() {
    YieldWait wait;
    co_return co_await wait;
}

Task<Result<void>> sleep_until(SteadyTime at) {
    SleepWait wait(at);
    auto ended = co_await wait;
    if (!ended && ended.error().kind == ErrorKind::timeout) co_return Result<void>();
    co_return ended;
}

Task<Result<void>> sleep_for(std::chrono::steady_clock::duration wait) {
    return sleep_until(std::chrono::steady_clock::now() + wait);
}

struct NotifierWait final : detail::Waiter {
    NotifierWait(Notifier& notifier, Deadline deadline) : Waiter(deadline), notifier_(notifier) {}

    bool start() override {
        if (std::exchange(notifier_.pending_, false)) return false;
        notifier_.waiting_.push_back(this);
        return true;
    }

    void interrupt() override {
        std::erase(notifier_.waiting_, this);
        complete_later();
    }

    void notified() { complete_later(); }

  private:
    Notifier& notifier_;
};

void Notifier::notify() {
    if (waiting_.empty()) {
        pending_ = true;
        return;
    }
    for (NotifierWait* wait : std::exchange(waiting_, {})) wait->notified();
}

Task<Result<void>> Notifier::wait(Deadline deadline) {
    NotifierWait wait(*this, deadline);
    co_return co_await wait;
}

}  // namespace posthaste::runtime
