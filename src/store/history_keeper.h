// HistoryKeeper: brings the records that wait in the queue's database into the history's files, a
// second behind, and drops the oldest files. A thread of its own. Nothing that happens to a history
// file stops mail: what cannot be written waits, and in the end is given up, and the log says so.
#pragma once

#include "base/log.h"
#include "base/mutex.h"
#include "store/committer.h"
#include "store/history_files.h"
#include "store/sqlite/day_file.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>

namespace posthaste::store {

class HistoryKeeper {
  public:
    struct Options {
        unsigned days = 30;                    // today is one of them
        std::uint64_t octets = 4ULL << 30;     // of all files together
        Milliseconds every{1000};              // between looks
        std::uint64_t most_waiting = 200'000;  // records; older ones are given up
        // A wall clock that this one does not believe drops no day. May be null; outlives us.
        const QueueClock* clock = nullptr;
    };

    // All of them outlive it. Starts at once.
    HistoryKeeper(Engine& engine, Committer& committer, std::string folder, Options options,
                  Log& log);
    ~HistoryKeeper();  // brings away what waits, then ends

    struct Counts {
        std::uint64_t written = 0;   // records
        std::uint64_t given_up = 0;  // records
        std::uint64_t dropped = 0;   // files
    };

    Counts counts() const;

  private:
    void run();
    void begin();
    void work();
    bool write_some();
    Result<void> write(std::span<const RecordRow> rows);
    Result<void> write_day(const std::string& day, std::span<const RecordRow> rows);
    Result<sqlite::DayFile*> file_for(const std::string& day);
    bool set_aside(const Error& error);
    void trouble(const Error& error);
    void forget(std::uint64_t up_to);
    void give_up_oldest();
    void drop_old_files();
    bool believes_wall_clock() const;
    bool stopping() const;

    Engine& engine_;
    Committer& committer_;
    const std::string folder_;
    const Options options_;
    Log& log_;

    // The keeper's thread alone.
    std::uint64_t safe_ = 0;  // records up to this are in a file
    std::unique_ptr<sqlite::DayFile> file_;
    HistoryFile open_;
    const Timestamp wall_at_start_ = now();
    const SteadyTime steady_at_start_ = std::chrono::steady_clock::now();
    SteadyTime not_before_{};  // after a trouble
    SteadyTime tidy_at_{};
    std::string tidied_day_;
    bool in_trouble_ = false;
    bool begun_ = false;

    std::atomic<std::uint64_t> written_{0}, given_up_{0}, dropped_{0};
    mutable Mutex mutex_;
    std::condition_variable wake_;
    bool stop_ PH_GUARDED_BY(mutex_) = false;
    std::thread thread_;  // last
};

}  // namespace posthaste::store
