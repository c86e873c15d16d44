#include "store/sqlite/housekeeper.h"

#include "store/sqlite/schema.h"

#include <pthread.h>
#include <utility>

#include <sqlite3.h>
#include <unistd.h>

namespace posthaste::store::sqlite {

namespace {

constexpr int pages_of(std::int64_t octets) {
    return static_cast<int>(octets / kPageSize);
}

constexpr int kCopyFrom = pages_of(16 << 20);  // not copied yet: a checkpoint is due
constexpr int kRestartFrom =
    pages_of(64 << 20);  // in the log: it should start again from its beginning
constexpr int kSmallRest = pages_of(8 << 20);  // what the committer may be asked to copy
constexpr int kEmptyFrom =
    pages_of(4 << 20);  // in a lull: shorter logs are not worth two more syncs

constexpr int kLongestWait = 20;  // ms, for a lock

// A checkpoint that gets nowhere (a reader holds an old state, the disk is full) is tried again
// after this.
constexpr Milliseconds kPatience{500};

}  // namespace

Housekeeper::Housekeeper(std::string content_folder, OnFailure on_failure)
    : content_folder_(std::move(content_folder)),
      on_failure_(std::move(on_failure)),
      thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), "ph-housekeeper");
}

void Housekeeper::stop() {
    if (!thread_.joinable()) return;
    {
        const MutexLock lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
    remove_waiting_files();
}

std::size_t Housekeeper::add(std::unique_ptr<Connection> connection) {
    auto log = std::make_unique<Log>();
    // Emptying the log keeps the committer out while it waits for readers: it must give up soon.
    sqlite3_busy_timeout(connection->raw(), kLongestWait);
    connection->abandon();  // closing leaves the log to the writer's connection
    log->connection = std::move(connection);
    const MutexLock lock(mutex_);
    logs_.push_back(std::move(log));
    return logs_.size() - 1;
}

void Housekeeper::committed(std::size_t database, int log_pages) {
    Log& log = *logs_[database];
    const int before = log.pages.exchange(log_pages);
    // Waking costs more than a commit: only when the mark is passed, or when the log has begun
    // anew.
    if (log_pages >= kCopyFrom &&
        (log_pages / kCopyFrom != before / kCopyFrom || log_pages < before)) {
        {
            const MutexLock lock(mutex_);
        }
        wake_.notify_one();
    }
}

void Housekeeper::remove_files(std::vector<std::string> names) {
    {
        const MutexLock lock(mutex_);
        for (std::string& name : names) files_.push_back(std::move(name));
    }
    wake_.notify_one();
}

bool Housekeeper::wants_restart(std::size_t database) const {
    return logs_[database]->wants_restart;
}

void Housekeeper::restarted(std::size_t database) {
    logs_[database]->wants_restart = false;
}

void Housekeeper::quiet(std::size_t database, bool always) {
    Log& log = *logs_[database];
    if (!always && log.pages < kEmptyFrom) return;
    {
        const MutexLock lock(mutex_);
        log.empty_it = true;
    }
    wake_.notify_one();
}

bool Housekeeper::has_work(const Log& log) const {
    if (abandoned_ || log.wants_restart) return false;
    return log.empty_it || log.pages - log.copied >= kCopyFrom || log.pages < log.copied;
}

bool Housekeeper::anything_to_do() const {
    if (stop_ || !files_.empty()) return true;
    for (const auto& log : logs_)
        if (has_work(*log)) return true;
    return false;
}

void Housekeeper::run() {
    bool patient = false;
    for (;;) {
        {
            MutexLock lock(mutex_);
            if (patient && !stop_) wake_.wait_for(lock.native(), kPatience);
            while (!anything_to_do()) wake_.wait(lock.native());
            if (stop_) return;
        }
        remove_waiting_files();
        patient = false;
        for (const auto& log : logs_) {
            if (!has_work(*log)) continue;
            look_after(*log);
            patient = patient || has_work(*log);
        }
    }
}

void Housekeeper::look_after(Log& log) {
    if (log.pages < log.copied) log.copied = 0;  // it has begun anew
    if (log.empty_it.exchange(false)) {
        // The larger part while commits may go on, then the rest with the writers kept out.
        if (checkpoint(log, false) && checkpoint(log, true)) {
            log.pages = 0;
            log.copied = 0;
        }
        return;
    }
    if (log.pages - log.copied < kCopyFrom || !checkpoint(log, false)) return;
    if (log.pages >= kRestartFrom && log.pages - log.copied <= kSmallRest) log.wants_restart = true;
}

// False when it could not be done now.
bool Housekeeper::checkpoint(Log& log, bool truncate) {
    if (abandoned_) return false;
    int in_log = 0;
    int copied = 0;
    const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    before_call();
    if (sqlite3_wal_checkpoint_v2(log.connection->raw(), "main", mode, &in_log, &copied) ==
        SQLITE_OK) {
        log.copied = copied;
        return true;
    }
    // Full is harmless here: everything is safe in the log, and a later checkpoint writes it anew.
    const Error error =
        log.connection->error("cannot bring the log into " + log.connection->path());
    if (error.kind == ErrorKind::store_failed) {
        abandoned_ = true;
        on_failure_(error);
    }
    return false;
}

void Housekeeper::remove_waiting_files() {
    std::vector<std::string> files;
    {
        const MutexLock lock(mutex_);
        files.swap(files_);
    }
    // What cannot be removed is swept at the next start.
    for (const std::string& name : files) unlink((content_folder_ + '/' + name).c_str());
}

}  // namespace posthaste::store::sqlite
