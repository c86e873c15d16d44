// Returns: what came back by mail about a message of ours changes what is known of it
// (delivery.md 6.6). The message itself is long gone from the queue: the history says who sent it
// and to whom. A bounce becomes a record of the history and a report to the sender, a complaint a
// record, each once for a message and recipient, in one durable write.
//
// One for the process, on any worker; at most one report about a message at a time.
#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "mail/report/reading.h"
#include "mail/verp.h"
#include "queue/afterthought.h"
#include "queue/queue.h"
#include "runtime/offload.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace posthaste::queue {

struct Returned {
    mail::report::Reading reading;
    std::optional<mail::Verp::Token> token{};  // of the address that it came to
    std::string client{};                      // who brought it
};

enum class ReturnEnd : std::uint8_t {
    taken,            // it is on disk, and whoever must hear of it will
    repeated,         // the same was told before
    ignored,          // understood, and nothing follows: somebody is away, a word about DKIM
    unknown_message,  // it is about none of ours, or the history has forgotten it
    not_understood,   // no report that we can read
};

struct ReturnAnswer {
    ReturnEnd end = ReturnEnd::not_understood;
    std::optional<QueueId> id{};  // of the message that it is about
};

struct ReturnMetrics {
    Counter bounced, complained, delayed, delivered, uncertain, repeated, ignored, unknown, unread;

    void add_to(MetricsRegistry& registry) const;
};

class Returns {
  public:
    // What a server's words mean; quick, any thread.
    using Classify = std::function<mail::Cause(const mail::Outcome& outcome)>;

    struct Options {
        std::shared_ptr<const mail::Verp> verp;          // never null
        Classify classify{};                             // null: by the status alone
        std::vector<AfterthoughtListener*> listeners{};  // outlive it
    };

    // All of them outlive it. `events` is called on any worker.
    Returns(Options options, Queue& queue, store::Store& store, runtime::BlockingPool& blocking,
            Log& log, std::function<void(const Event&)> events);

    const mail::Verp& verp() const { return *options_.verp; }

    // Durable when it returns well with `taken`. Errors: busy (another report about the message is
    // being taken), store_full, store_failed, io, timeout: nothing is known to have been written,
    // and its sender is to come again.
    runtime::Task<Result<ReturnAnswer>> take(Returned returned);

    void register_metrics(MetricsRegistry& registry) const { metrics_.add_to(registry); }

  private:
    struct Prepared;
    class Claim;

    Result<Prepared> prepare(const Returned& returned, Claim& claim);
    Result<std::optional<QueueId>> find_message(const Returned& returned);
    void tell(const Prepared& prepared, const Returned& returned);

    Options options_;
    Queue& queue_;
    store::Store& store_;
    runtime::BlockingPool& blocking_;
    Log& log_;
    std::function<void(const Event&)> events_;
    ReturnMetrics metrics_;
    Mutex mutex_;
    std::unordered_set<QueueId> being_taken_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::queue
