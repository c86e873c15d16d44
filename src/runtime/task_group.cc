#include "runtime/task_group.h"

#include "base/assert.h"
#include "runtime/detail/waiter.h"

#include <exception>
#include <vector>

namespace posthaste::runtime {

struct TaskGroup::Impl {
    // A running task, as a link of the group's ring.
    struct Link {
        Link* before = nullptr;
        Link* after = nullptr;
        TaskContext own;
    };

    // The coroutine at the root of a chain. Its frame ends with itself: by then the task's frame, a
    // local of the body, is gone, and those who wait for the group to be empty go on from the
    // worker's loop only.
    struct Root {
        struct promise_type : Link {
            promise_type(Task<void>&, Impl& impl) : group(impl), context(&own) {
                own.worker = &impl.worker;
                impl.link(*this);
            }

            ~promise_type() { group.unlink(*this); }

            Root get_return_object() {
                return {std::coroutine_handle<promise_type>::from_promise(*this)};
            }

            std::suspend_always initial_suspend() noexcept { return {}; }

            std::suspend_never final_suspend() noexcept { return {}; }

            void return_void() {}

            void unhandled_exception() { std::terminate(); }  // `run` catches all

            Impl& group;
            TaskContext* context;
        };

        std::coroutine_handle<promise_type> handle;
    };

    class EmptyWait;

    Impl(Worker& w, Log& l) : worker(w), log(l) { ring.before = ring.after = &ring; }

    static Root run(Task<void> task, Impl& impl);

    void link(Link& link) {
        link.before = ring.before;
        link.after = &ring;
        ring.before->after = &link;
        ring.before = &link;
        ++size;
    }

    void unlink(Link& link);
    void cancel();

    void log_exception(std::string_view what) { log.error("task.exception", {{"what", what}}); }

    Worker& worker;
    Log& log;
    Link ring;
    std::size_t size = 0;
    bool closing = false;
    std::vector<EmptyWait*> waiting;
};

class TaskGroup::Impl::EmptyWait final : public detail::Waiter {
  public:
    enum class For { deadline, close };

    // `close` does not give up when its own chain is cancelled: the group would be destroyed with
    // tasks in it.
    EmptyWait(Impl& impl, Deadline deadline, For what)
        : Waiter(deadline, what == For::close ? Cancelling::ignored : Cancelling::heeded),
          impl_(impl) {}

    void emptied() { complete_later(); }

  private:
    bool start() override {
        if (impl_.size == 0) return false;
        impl_.waiting.push_back(this);
        return true;
    }

    void interrupt() override {
        std::erase(impl_.waiting, this);
        complete_later();
    }

    Impl& impl_;
};

TaskGroup::Impl::Root TaskGroup::Impl::run(Task<void> task, Impl& impl) {
    try {
        Task<void> body = std::move(task);
        co_await std::move(body);
    } catch (const std::exception& e) {
        impl.log_exception(e.what());
    } catch (...) {
        impl.log_exception("not a std::exception");
    }
}

void TaskGroup::Impl::unlink(Link& link) {
    link.before->after = link.after;
    link.after->before = link.before;
    if (--size > 0) return;
    for (EmptyWait* wait : std::exchange(waiting, {})) wait->emptied();
}

void TaskGroup::Impl::cancel() {
    closing = true;
    // No wait resumes its chain from inside `cancel` (task.h), so the ring stays as it is
    // meanwhile.
    for (Link* link = ring.after; link != &ring; link = link->after) {
        link->own.cancelled = true;
        if (link->own.wait != nullptr) link->own.wait->cancel();
    }
}

TaskGroup::TaskGroup(Worker& worker, Log& log) : impl_(std::make_unique<Impl>(worker, log)) {}

TaskGroup::~TaskGroup() {
    PH_ASSERT(impl_->size == 0);
}

void TaskGroup::spawn(Task<void> task) {
    if (impl_->closing) return;
    auto root = Impl::run(std::move(task), *impl_);
    root.handle.resume();
}

std::size_t TaskGroup::size() const {
    return impl_->size;
}

void TaskGroup::cancel() {
    impl_->cancel();
}

Task<void> TaskGroup::wait_empty(Deadline deadline) {
    Impl::EmptyWait wait(*impl_, deadline, Impl::EmptyWait::For::deadline);
    auto ended = co_await wait;
    static_cast<void>(ended);  // whether it is empty, the caller asks size()
}

Task<void> TaskGroup::close() {
    auto& context = co_await this_task();
    for (Impl::Link* link = impl_->ring.after; link != &impl_->ring; link = link->after) {
        PH_ASSERT(&link->own != &context);  // a task that waits for its own end never ends
    }
    impl_->cancel();
    Impl::EmptyWait wait(*impl_, Deadline{}, Impl::EmptyWait::For::close);
    auto ended = co_await wait;
    static_cast<void>(ended);
}

Worker& TaskGroup::worker() {
    return impl_->worker;
}

}  // namespace posthaste::runtime
