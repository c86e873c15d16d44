// Sleeping and signalling inside one worker.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "runtime/task.h"

#include <vector>

namespace posthaste::runtime {

// Errors: cancelled.
Task<Result<void>> sleep_until(SteadyTime at);
Task<Result<void>> sleep_for(std::chrono::steady_clock::duration wait);

// Lets what else waits on this worker go first. Errors: cancelled.
Task<Result<void>> yield();

// An event on one worker: `notify` lets all that wait go on; a notify without a waiter is
// remembered once.
class Notifier {
  public:
    void notify();
    // Errors: timeout, cancelled.
    Task<Result<void>> wait(Deadline deadline);

  private:
    friend struct NotifierWait;
    bool pending_ = false;
    std::vector<struct NotifierWait*> waiting_;
};

}  // namespace posthaste::runtime
