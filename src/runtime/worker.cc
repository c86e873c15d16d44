#include "runtime/worker.h"

#include "base/assert.h"
#include "runtime/detail/worker_impl.h"
#include "runtime/run.h"

#include <algorithm>
#include <pthread.h>

namespace posthaste::runtime {

namespace {

thread_local Worker* current_worker = nullptr;

}  // namespace

namespace detail {

WorkerImpl::WorkerImpl(Worker& worker, std::string thread_name, std::size_t number)
    : self(worker), name(std::move(thread_name)), index(number) {}

void WorkerImpl::enter() {
    PH_ASSERT(current_worker == nullptr);
    current_worker = &self;
}

void WorkerImpl::leave() {
    current_worker = nullptr;
}

void WorkerImpl::run_until(const bool& done) {
    enter();
    while (!done && !io.stopped()) io.run_one();
    leave();
}

void WorkerImpl::resume_later(std::coroutine_handle<> handle) {
    ready.push_back(handle);
    if (ready.size() > 1) return;
    boost::asio::post(io, [this] {
        // What becomes ready meanwhile waits for the next turn, so that sockets and timers get
        // theirs.
        resuming.swap(ready);
        for (auto coroutine : resuming) coroutine.resume();
        resuming.clear();
    });
}

void WorkerImpl::arm() {
    SteadyTime earliest = timers.earliest();
    if (earliest >= armed_for) return;
    armed_for = earliest;
    kernel_timer.expires_at(earliest);
    kernel_timer.async_wait([this](const boost::system::error_code& error) {
        if (!error) on_kernel_timer();
    });
}

void WorkerImpl::on_kernel_timer() {
    armed_for = SteadyTime::min();  // nothing re-arms while the due ones run
    fired_until = std::chrono::steady_clock::now();
    while (timers.earliest() <= fired_until) {
        auto work_due = timers.pop();
        work_due();
    }
    armed_for = SteadyTime::max();
    arm();
}

void run_until(Worker& worker, const bool& done) {
    worker.impl().run_until(done);
}

}  // namespace detail

Worker::Worker(std::string thread_name, std::size_t index)
    : impl_(std::make_unique<detail::WorkerImpl>(*this, std::move(thread_name), index)) {}

Worker::~Worker() {
    stop();
    join();
}

void Worker::start() {
    PH_ASSERT(!impl_->thread.joinable());
    impl_->thread = std::thread([this] {
        // The kernel takes 15 octets of a name.
        pthread_setname_np(pthread_self(), impl_->name.substr(0, 15).c_str());
        run();
    });
}

void Worker::run() {
    impl_->enter();
    impl_->io.run();
    impl_->leave();
}

void Worker::stop() {
    impl_->io.stop();
}

void Worker::join() {
    if (!impl_->thread.joinable()) return;
    PH_ASSERT(!is_current());
    impl_->thread.join();
}

void Worker::post(std::move_only_function<void()> work) {
    boost::asio::post(impl_->io, std::move(work));
}

std::size_t Worker::index() const {
    return impl_->index;
}

bool Worker::is_current() const {
    return current_worker == this;
}

Worker* Worker::current() {
    return current_worker;
}

Worker::TimerId Worker::call_at(SteadyTime at, std::move_only_function<void()> work) {
    // The past ends where timers have run already, so that one which sets itself again and again
    // for a moment in the past cannot hold the loop.
    auto first = impl_->fired_until + std::chrono::nanoseconds(1);
    auto id = impl_->timers.add(std::max(at, first), std::move(work));
    impl_->arm();
    return id;
}

void Worker::forget(TimerId id) {
    impl_->timers.remove(id);
}

WorkerPool::WorkerPool(std::size_t count) {
    PH_ASSERT(count > 0);
    for (std::size_t i = 0; i < count; ++i) {
        workers_.push_back(std::make_unique<Worker>("worker-" + std::to_string(i), i));
    }
}

WorkerPool::~WorkerPool() {
    stop_and_join();
}

void WorkerPool::start() {
    for (auto& worker : workers_) worker->start();
}

void WorkerPool::stop_and_join() {
    for (auto& worker : workers_) worker->stop();
    for (auto& worker : workers_) worker->join();
}

Worker& WorkerPool::next() {
    return *workers_[next_.fetch_add(1, std::memory_order_relaxed) % workers_.size()];
}

}  // namespace posthaste::runtime
