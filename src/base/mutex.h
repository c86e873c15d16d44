// std::mutex with clang's thread-safety annotations (libstdc++'s has none): -Wthread-safety then
// proves that a guarded member is touched under its lock only.
#pragma once

#include <condition_variable>
#include <mutex>

#define PH_CAPABILITY(x) __attribute__((capability(x)))
#define PH_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define PH_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define PH_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define PH_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define PH_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))

namespace posthaste {

class PH_CAPABILITY("mutex") Mutex {
  public:
    void lock() PH_ACQUIRE() { mutex_.lock(); }

    void unlock() PH_RELEASE() { mutex_.unlock(); }

    std::mutex& native() { return mutex_; }

  private:
    std::mutex mutex_;
};

class PH_SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) PH_ACQUIRE(mutex) : lock_(mutex.native()) {}

    ~MutexLock() PH_RELEASE() = default;
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    // For std::condition_variable: wait(lock.native()).
    std::unique_lock<std::mutex>& native() { return lock_; }

  private:
    std::unique_lock<std::mutex> lock_;
};

}  // namespace posthaste
