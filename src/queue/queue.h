// Queue: the asynchronous face of the store. `submit` is the commit point; behind it one scheduler,
// on one worker, finds recipients due, fair between accounts inside each site, hands them to the
// courier, and settles what came of it. A final failure or a delay becomes a report to the sender,
// in one atomic write with the recipient's end.
#pragma once

#include "base/event.h"
#include "base/log.h"
#include "base/metrics.h"
#include "mail/envelope.h"
#include "queue/bounce.h"
#include "queue/courier.h"
#include "queue/keeping.h"
#include "queue/recipient_memory.h"
#include "queue/retry.h"
#include "queue/site_status.h"
#include "runtime/offload.h"
#include "runtime/worker.h"
#include "store/store.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::queue {

struct Submission {
    QueueId id;
    std::string account;
    mail::Envelope envelope;
    std::string header;  // after fix-ups, without the empty line
    store::Body body;
    std::string client;  // address of the client, for the event only
    std::string tls;
    store::TlsWish tls_wish = store::TlsWish::none;
    std::optional<Seconds> expire{};  // in place of the schedule's, if that is longer
    store::Profile profile = store::Profile::human;
    std::int8_t priority = 0;             // in place of the envelope's, if not 0
    std::vector<std::string> changes{};   // what was mended in it, a phrase each, for the history
    store::Verp verp = store::Verp::off;  // never `usual`
    std::string body_hash{};  // DkimBodyHash, where Queue::signs asked for it; else unsigned
};

struct QueueStatus {
    store::Health health = store::Health::ok;
    std::string health_text;
    std::uint64_t waiting = 0;  // recipients not in flight
    std::uint64_t in_flight = 0;
    std::uint64_t held = 0;
};

// A person's decision about messages: those named, or all to a domain, or all.
struct Selection {
    std::vector<QueueId> ids;
    std::string domain;
    bool all = false;
    // `retry` only: the route that their mail takes from now on, whatever the rules say; "rules"
    // leaves it to these again, "" changes nothing.
    std::string route{};
};

class Queue {
  public:
    struct Options {
        std::string hostname;
        std::string admin;
        RetrySchedules retry;
        ReportDesk::Options reports{};
        RuleWordsOf rule_words{};           // empty: reports and log tell causes alone
        RecipientMemory* memory = nullptr;  // null: nothing is remembered
        std::size_t max_deliveries = 500;   // of the whole server
        Seconds reconcile_every{60};        // how often it is looked whether nothing got lost
        std::size_t fresh_content_octets =
            64u << 20;  // kept from submission, so that delivery does not read back
    };

    // `workers[0]` is the scheduler's. `events` is called on any worker and must be quick.
    Queue(Options options, store::Store& store, Courier& courier, runtime::WorkerPool& workers,
          runtime::BlockingPool& blocking, Log& log, std::function<void(const Event&)> events);
    ~Queue();

    // Loads what is open and starts delivering. Once, before workers take mail.
    Result<void> start();
    // Instead of `start`, for tools: persons may decide about messages, nothing is delivered.
    Result<void> open_for_admin();
    // No new attempts; transactions in flight may finish until the deadline, then are cancelled.
    // Any thread; `done` is called when nothing runs any more.
    void stop(Deadline grace, std::function<void()> done);

    // Whether mail from that domain is signed, so that its body is to be hashed as it comes in. Any
    // thread.
    bool signs(const mail::Domain& from) const;

    // How reports of this server are made and counted. Any thread.
    ReportOptions report_options() const;

    // Signing::sign_now, for what delivery has encoded on the way. Blocks; any thread.
    std::string sign_now(const std::string& header, const std::string& body_hash);

    // The commit point: 250 is said only after this returned well. Any worker. Errors: store_full,
    // store_failed, busy.
    runtime::Task<Result<void>> submit(Submission submission);

    // Changes of the store's queue that no scheduling hangs on, in one durable write; messages
    // among them are scheduled once it is done. Any worker. Errors as of `submit`.
    runtime::Task<Result<void>> write(store::Changes changes);

    // Admin, any worker. Each gives the number of messages touched.
    runtime::Task<Result<std::size_t>> hold(Selection selection);
    runtime::Task<Result<std::size_t>> release(Selection selection);
    runtime::Task<Result<std::size_t>> retry(
        Selection selection);  // now, windows and probes too; not_found: the route
    runtime::Task<Result<std::size_t>> cancel(Selection selection,
                                              bool report);  // report: senders get a bounce

    // What keeps each of those messages, in their order. Any worker. Errors: busy while starting.
    runtime::Task<Result<std::vector<Keeping>>> keeping(std::vector<QueueId> ids);

    // The limits of sites have changed (a person lifted an override): all are asked for anew before
    // anything else goes there. Any thread.
    void refresh_limits();

    QueueStatus status() const;  // any thread
    // Nothing: no mail was for it of late. Any worker. Errors: busy while shutting down.
    runtime::Task<Result<std::optional<SiteStatus>>> site_status(std::string key);
    void register_metrics(MetricsRegistry& registry);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace posthaste::queue
