// LazyWriter: learned facts go to the store in batches, now and then: never in the way of what they
// were learned from. What is lost between two batches does no harm. Thread-safe.
#pragma once

#include "base/mutex.h"
#include "base/time.h"
#include "store/committer.h"

#include <memory>
#include <vector>

namespace posthaste::store {

// Has facts that are not stored yet. Any thread.
class LazySource {
  public:
    virtual ~LazySource() = default;

    // Adds at most `most` changes, each of which is then the writer's.
    virtual void take_changes(Changes& into, std::size_t most) = 0;
};

class LazyWriter {
  public:
    static constexpr Seconds kEvery{5};
    static constexpr std::size_t kBatch = 2000;

    // Both outlive it.
    LazyWriter(Committer& committer, std::vector<LazySource*> sources);

    // Submits a batch if one is due and none is under way; never waits.
    void tick(SteadyTime now = std::chrono::steady_clock::now());

    // Writes all there is and waits for it. For the end; not on the committer's thread.
    void flush();

  private:
    Changes gather();

    Committer& committer_;
    const std::vector<LazySource*> sources_;
    // Shared with what the committer calls, which may come after our end.
    std::shared_ptr<std::atomic<bool>> under_way_ = std::make_shared<std::atomic<bool>>(false);
    Mutex mutex_;
    SteadyTime due_ PH_GUARDED_BY(mutex_) = std::chrono::steady_clock::now() + kEvery;
};

}  // namespace posthaste::store
