// Housekeeper: the thread that keeps slow work away from commits: it copies the write-ahead log
// into the databases (checkpoints) and removes content files of messages that ended.
//
// A log that is written without a pause never starts again from its beginning by passive
// checkpoints alone. Once it is large and nearly copied, the committer is asked to copy the small
// rest itself, between two transactions.
#pragma once

#include "base/mutex.h"
#include "store/sqlite/connection.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace posthaste::store::sqlite {

class Housekeeper {
  public:
    using OnFailure =
        std::function<void(const Error&)>;  // store_failed of a checkpoint, on this thread

    Housekeeper(std::string content_folder, OnFailure on_failure);

    ~Housekeeper() { stop(); }

    // Ends the thread: files still waiting are removed, no further checkpoint is made.
    void stop();

    // Before anything else; gives the number by which the database is named below. `connection` is
    // the housekeeper's own from then on, `log_pages` what is in the log already.
    std::size_t add(std::unique_ptr<Connection> connection);

    // The rest is for the committer's thread.
    void committed(std::size_t database, int log_pages);
    void remove_files(std::vector<std::string> names);
    // True: checkpoint on the writing connection now, before the next transaction, then tell.
    bool wants_restart(std::size_t database) const;
    void restarted(std::size_t database);
    // A lull: also short logs are copied, and emptied when they are large (`always`: whatever their
    // size).
    void quiet(std::size_t database, bool always);

    // No further checkpoint. Any thread.
    void abandon() { abandoned_ = true; }

  private:
    struct Log {
        std::unique_ptr<Connection> connection;
        std::atomic<int> pages{0};  // in the log, as of the last commit
        std::atomic<bool> wants_restart{false};
        int copied = 0;  // of `pages`; housekeeper's thread
        std::atomic<bool> empty_it{false};
    };

    void run();
    bool has_work(const Log& log) const;
    bool anything_to_do() const PH_REQUIRES(mutex_);
    void look_after(Log& log);
    bool checkpoint(Log& log, bool truncate);
    void remove_waiting_files();

    const std::string content_folder_;
    const OnFailure on_failure_;
    std::vector<std::unique_ptr<Log>> logs_;  // fixed once the thread has work
    std::atomic<bool> abandoned_{false};
    Mutex mutex_;
    std::condition_variable wake_;
    std::vector<std::string> files_ PH_GUARDED_BY(mutex_);
    bool stop_ PH_GUARDED_BY(mutex_) = false;
    std::thread thread_;  // last: starts when everything else is there
};

}  // namespace posthaste::store::sqlite
