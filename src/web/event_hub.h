// EventHub: what happened of late, for those who follow a message to its end (`posthaste send
// --wait`, pages). Keeps a bounded ring; wakes who waits. Thread-safe.
#pragma once

#include "base/event.h"
#include "base/result.h"
#include "runtime/task.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace posthaste::web {

class EventHub {
  public:
    explicit EventHub(std::size_t ring = 10'000);
    ~EventHub();

    void publish(const Event& event);

    // Events of that message with a number above `after`, oldest first; waits until there is one.
    // Errors: timeout.
    struct Numbered {
        std::uint64_t number = 0;
        Event event;
    };

    runtime::Task<Result<std::vector<Numbered>>> of_message(QueueId id, std::uint64_t after,
                                                            Deadline deadline);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace posthaste::web
