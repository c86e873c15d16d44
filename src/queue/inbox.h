// Inbox: many threads put in, one worker takes all at once. `push` tells when the worker must be
// woken, so that a burst costs one wake-up.
#pragma once

#include "base/mutex.h"

#include <utility>
#include <vector>

namespace posthaste::queue {

template <class T>
class Inbox {
  public:
    // True if it was empty: the caller posts a call that takes.
    bool push(T item) {
        MutexLock lock(mutex_);
        items_.push_back(std::move(item));
        return items_.size() == 1;
    }

    std::vector<T> take() {
        MutexLock lock(mutex_);
        return std::exchange(items_, {});
    }

  private:
    Mutex mutex_;
    std::vector<T> items_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::queue
