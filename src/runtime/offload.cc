#include "runtime/offload.h"

#include "base/mutex.h"

#include <deque>
#include <pthread.h>
#include <thread>
#include <vector>

namespace posthaste::runtime {

struct BlockingPool::Impl {
    void work();

    std::string name;
    std::size_t max_queued = 0;
    Mutex mutex;
    std::condition_variable changed;
    std::deque<std::move_only_function<void()>> queue PH_GUARDED_BY(mutex);
    bool stopping PH_GUARDED_BY(mutex) = false;
    std::vector<std::thread> threads;
};

void BlockingPool::Impl::work() {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    for (;;) {
        std::move_only_function<void()> job;
        {
            MutexLock lock(mutex);
            while (queue.empty() && !stopping) changed.wait(lock.native());
            if (stopping) return;
            job = std::move(queue.front());
            queue.pop_front();
        }
        job();
    }
}

BlockingPool::BlockingPool(std::string thread_name, std::size_t threads, std::size_t max_queued)
    : impl_(std::make_unique<Impl>()) {
    impl_->name = std::move(thread_name);
    impl_->max_queued = max_queued;
    for (std::size_t i = 0; i < threads; ++i) {
        impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
    }
}

BlockingPool::~BlockingPool() {
    stop();
}

bool BlockingPool::try_post(std::move_only_function<void()> work) {
    {
        MutexLock lock(impl_->mutex);
        if (impl_->stopping || impl_->queue.size() >= impl_->max_queued) return false;
        impl_->queue.push_back(std::move(work));
    }
    impl_->changed.notify_one();
    return true;
}

void BlockingPool::stop() {
    std::deque<std::move_only_function<void()>> dropped;  // ends outside the lock
    {
        MutexLock lock(impl_->mutex);
        impl_->stopping = true;
        dropped.swap(impl_->queue);
    }
    impl_->changed.notify_all();
    for (auto& thread : impl_->threads) {
        if (thread.joinable()) thread.join();
    }
}

}  // namespace posthaste::runtime
