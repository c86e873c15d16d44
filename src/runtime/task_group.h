// TaskGroup: the only place that starts coroutines. Its owner declares it as the last member;
// `close` cancels what runs and waits until all of it has ended; the destructor asserts that
// nothing is left. Lives on one worker. An exception that leaves a task is logged and ends that
// task only.
#pragma once

#include "base/log.h"
#include "runtime/task.h"
#include "runtime/worker.h"

#include <cstddef>
#include <memory>

namespace posthaste::runtime {

class TaskGroup {
  public:
    TaskGroup(Worker& worker, Log& log);
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    // Starts the task at once, on the calling (the worker's) thread, until its first wait. After
    // `cancel` or `close` began the task is destroyed unstarted. Arguments of the coroutine are by
    // value.
    void spawn(Task<void> task);

    std::size_t size() const;

    void cancel();  // every task's wait fails with `cancelled`; returns at once
    Task<void> wait_empty(
        Deadline deadline);  // true or not: until none runs or the deadline passed
    Task<void> close();      // cancel, then wait until empty (bounded by the tasks' own cleanup)

    Worker& worker();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace posthaste::runtime
