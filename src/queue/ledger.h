// Ledger: writes what happened into the store, and keeps it until it is written. Outcomes are never
// lost while the process lives: when the store is busy or full they wait here, in order, and are
// tried again. One worker.
#pragma once

#include "queue/inbox.h"
#include "runtime/worker.h"
#include "store/committer.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

namespace posthaste::queue {

class Ledger {
  public:
    using Then = std::move_only_function<void()>;

    // `changed` is called on the worker whenever something was written.
    Ledger(store::Committer& committer, runtime::Worker& worker, std::function<void()> changed);
    ~Ledger();

    // `then` runs on the worker once the changes are durable; never if the store has failed for
    // good.
    void write(store::Changes changes, Then then);

    // Not yet durable. Bounded by the caller, who stops dispatching when it is many.
    std::size_t pending() const { return pending_.size(); }

    bool failed() const { return failed_; }  // nothing is written any more until a restart

    void stop();  // no more tries

  private:
    struct Pending {
        store::Changes changes;
        Then then;
    };

    struct Answer {
        std::uint64_t number;
        Result<void> result;
    };

    struct Shared;  // outlives this while the committer still holds callbacks

    void submit(std::uint64_t number);
    void take_answers();
    void set_timer();
    void try_again();

    store::Committer& committer_;
    runtime::Worker& worker_;
    std::function<void()> changed_;
    std::shared_ptr<Shared> shared_;
    std::unordered_map<std::uint64_t, Pending> pending_;
    std::deque<std::uint64_t> refused_;  // to be tried again, in order
    std::uint64_t next_number_ = 0;
    unsigned refusals_ = 0;  // in a row
    bool timer_set_ = false;
    bool failed_ = false;
    bool stopped_ = false;
};

}  // namespace posthaste::queue
