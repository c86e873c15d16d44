// SubmissionQueue: what waits for the committer, bounded, and how long the committer waits for more
// of it.
//
// A sync costs the same for one message as for fifty. When submissions come quickly (`gather_from`
// of them within the time `gather`), the committer therefore waits up to `gather` for others to
// join, and not at all otherwise. Producers that wait for an answer before they submit again stop
// coming once all of them wait: how many that are is learned, so that nobody waits for submissions
// that cannot come.
#pragma once

#include "base/mutex.h"
#include "base/time.h"
#include "store/committer.h"

#include <condition_variable>
#include <deque>
#include <vector>

namespace posthaste::store {

struct Submission {
    Changes changes;
    Committer::Done done;
    Part part = Part::queue;
    bool brings_mail = false;
    std::size_t octets = 0;  // roughly what it holds in memory

    static Submission make(Changes changes, Committer::Done done);
};

class SubmissionQueue {
  public:
    struct Options {
        std::size_t max_waiting = 0;
        std::size_t max_waiting_octets = 0;
        std::size_t gather_from = 0;
        Milliseconds gather{0};
        std::size_t max_batch = 2'000;
        std::size_t max_batch_octets = 8u << 20;
    };

    struct Taken {
        std::vector<Submission> batch;    // in order, of one Part
        std::vector<Submission> refused;  // too much was waiting
        bool stopping = false;            // nothing comes any more, and the batch is empty
    };

    explicit SubmissionQueue(Options options);

    void push(Submission submission);  // any thread
    void wake();                       // any thread: lets `take` return
    void stop();                       // what waits is still handed out

    // The committer's thread. Empty when `until` passed, or after `wake`.
    Taken take(SteadyTime until);

    bool empty() const;

  private:
    bool has_room(const Submission& submission) const PH_REQUIRES(mutex_);
    bool comes_quickly() const PH_REQUIRES(mutex_);
    bool enough() const PH_REQUIRES(mutex_);
    void gather(MutexLock& lock) PH_REQUIRES(mutex_);
    void fill(std::vector<Submission>& batch) PH_REQUIRES(mutex_);

    const Options options_;
    mutable Mutex mutex_;
    std::condition_variable wake_;
    std::deque<Submission> waiting_ PH_GUARDED_BY(mutex_);
    std::vector<Submission> refused_ PH_GUARDED_BY(mutex_);
    std::vector<SteadyTime> arrivals_ PH_GUARDED_BY(mutex_);  // ring of the last `gather_from`
    std::size_t next_arrival_ PH_GUARDED_BY(mutex_) = 0;
    std::size_t waiting_octets_ PH_GUARDED_BY(mutex_) = 0;
    std::size_t all_of_them_ PH_GUARDED_BY(mutex_) = 0;  // producers learned of; 0: not known
    unsigned rounds_ PH_GUARDED_BY(mutex_) = 0;          // since it was learned
    bool idle_ PH_GUARDED_BY(mutex_) = false;            // `take` waits for the first
    bool gathering_ PH_GUARDED_BY(mutex_) = false;       // `take` waits for more
    bool woken_ PH_GUARDED_BY(mutex_) = false;
    bool stop_ PH_GUARDED_BY(mutex_) = false;
};

}  // namespace posthaste::store
