// Committer: the one writer. Its thread takes all submissions that wait (gathering for 1 ms only
// when many are in flight), applies them in one transaction with one sync, and then calls all their
// callbacks. This is the commit point of the whole server: "250 means on disk" is kept here and in
// Engine::apply.
#pragma once

#include "base/result.h"
#include "store/engine.h"

#include <functional>
#include <memory>

namespace posthaste::store {

enum class Health {
    ok,
    full,    // no new mail is taken; outcomes and bounces still are, from the reserve
    failed,  // a write or sync failed: nothing is accepted or delivered until a restart
};

class Committer {
  public:
    struct Options {
        std::size_t max_waiting = 20'000;             // submissions
        std::size_t max_waiting_octets = 128u << 20;  // inline content among them
        std::size_t gather_from = 8;                  // in flight; below it nothing is gathered
        Milliseconds gather{1};
        std::uint64_t floor_octets = 64u << 20;  // free space below which new mail is refused
        std::uint64_t reserve_octets =
            8u << 20;                // kept in a file, given up for outcomes when the disk is full
        std::string folder;          // of the store, for free space and reserve
        std::string content_folder;  // where files of refused messages are removed, may be empty
        const QueueClock* clock =
            nullptr;  // its mark is saved every minute and at the end; outlives us
    };

    using Done = std::move_only_function<void(Result<void>)>;

    Committer(Engine& engine, Options options);
    ~Committer();  // commits what waits, then ends

    // Durable when `done` is called with success. Any thread; `done` is never called from within,
    // but on the committer's thread, also when it is refused, and must be short. `changes` are of
    // one Part and not empty. Errors given to it: busy (too much waits: mail is refused first,
    // outcomes have as much room again), store_full, store_failed; conflict and not_found as
    // change.h says. A submission that is refused with anything but store_failed was not written,
    // and the content files that its messages name are removed.
    void submit(Changes changes, Done done);
    Result<void> submit_and_wait(
        Changes changes);  // for tools; blocks; not on the committer's thread

    Health health() const;
    std::string health_text() const;  // a sentence with the mend

    // A write or sync of another file of the store failed (`text` says which): from now on
    // Health::failed. Any thread.
    void report_failure(std::string text);

    // Commits so far that changed the directory; learned facts do not.
    std::uint64_t directory_generation() const;

    struct Counts {
        std::uint64_t commits = 0, submissions = 0, sync_microseconds = 0;
    };

    Counts counts() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace posthaste::store
