// Runs one task to its end on the calling thread: for tests and for commands that are not the
// daemon.
#pragma once

#include "runtime/task_group.h"

#include <optional>
#include <utility>

namespace posthaste::runtime {

namespace detail {

void run_until(Worker& worker, const bool& done);

template <class T>
Task<void> run_and_keep(Task<T> task, std::optional<T>& value, bool& done) {
    struct Done {
        bool& flag;

        ~Done() { flag = true; }
    } ended{done};

    value.emplace(co_await std::move(task));
}

inline Task<void> run_and_tell(Task<void> task, bool& done) {
    struct Done {
        bool& flag;

        ~Done() { flag = true; }
    } ended{done};

    co_await std::move(task);
}

}  // namespace detail

// `worker` is not started otherwise; what else lives on it runs meanwhile. Nothing if an exception
// left the task (it has been logged).
template <class T>
std::optional<T> run_to_end(Worker& worker, Log& log, Task<T> task) {
    std::optional<T> value;
    bool done = false;
    TaskGroup group(worker, log);
    group.spawn(detail::run_and_keep(std::move(task), value, done));
    detail::run_until(worker, done);
    return value;
}

inline void run_to_end(Worker& worker, Log& log, Task<void> task) {
    bool done = false;
    TaskGroup group(worker, log);
    group.spawn(detail::run_and_tell(std::move(task), done));
    detail::run_until(worker, done);
}

}  // namespace posthaste::runtime
