// Dispatcher: everything of the queue that lives on the scheduler's worker. Finds the sites of
// domains, hands transactions to the courier on the workers, and settles what came of them.
#pragma once

#include "base/event.h"
#include "base/log.h"
#include "queue/bounce.h"
#include "queue/decision.h"
#include "queue/fresh_content.h"
#include "queue/in_flight.h"
#include "queue/inbox.h"
#include "queue/keeping.h"
#include "queue/ledger.h"
#include "queue/quarantine.h"
#include "queue/queue.h"
#include "queue/queue_metrics.h"
#include "queue/scheduler.h"
#include "queue/signing.h"
#include "runtime/callback.h"
#include "runtime/task_group.h"
#include "runtime/timer.h"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace posthaste::queue {

class Dispatcher : public std::enable_shared_from_this<Dispatcher> {
  public:
    struct Parts {
        store::Store& store;
        Courier& courier;
        runtime::WorkerPool& workers;
        runtime::BlockingPool& blocking;
        std::shared_ptr<Signing> signing;
        Log& log;
        std::function<void(const Event&)> events;
    };

    using Answer = runtime::Callback<std::size_t>;

    Dispatcher(Queue::Options options, Parts parts);
    ~Dispatcher();

    Result<void> load();  // before `start`, on the caller's thread
    void start();         // any thread
    void stop(Deadline grace, std::function<void()> done);  // any thread

    // A message that is durable. Any thread.
    struct Added {
        std::shared_ptr<const store::MessageRow> row;
        std::vector<store::RecipientRow> recipients;
        std::string client, tls;  // for the event
    };

    void added(Added added);

    enum class Action { hold, release, retry, cancel, cancel_and_report };
    void act(Action action, Selection selection, Answer answer);  // any thread
    void tell_site(std::string key,
                   runtime::Callback<std::optional<SiteStatus>> answer);  // any thread

    void tell_keeping(std::vector<QueueId> ids,
                      runtime::Callback<std::vector<Keeping>> answer);  // any thread

    void refresh_limits();                 // any thread
    void look_again();                     // any thread: something new may be due
    ReportOptions report_options() const;  // any thread

    QueueMetrics& metrics() { return metrics_; }

    using OpenKey = std::pair<QueueId, std::uint32_t>;  // a recipient

  private:
    // One transaction on its way through a worker.
    struct Job {
        Pick pick;
        std::shared_ptr<const store::MessageRow> message;
        std::vector<store::RecipientRow> recipients;
        ParcelReport report;
        bool came_back = false;  // the courier has answered
        std::string thrown{};    // what it threw instead
        bool cancelled = false;  // by our shutdown
    };

    class Return;  // brings a job back whatever happens to its task

    // Recipients that end, or wait, without an attempt of their own.
    struct Aside {
        enum class Why { outcome, expired, cancelled, delayed } why = Why::outcome;

        Taken taken;
        mail::Outcome outcome;
        SteadyTime::duration wait{};  // of delayed
    };

    using Rows = std::vector<std::optional<store::Message>>;

    using Incoming = std::variant<Added, std::unique_ptr<Job>>;

    runtime::Worker& home() { return parts_.workers[0]; }

    Moment moment() const;
    double jitter() const;

    // dispatcher.cc
    void put(Incoming incoming);
    void take_incoming();
    void admit(Added added);
    void admit_ended(const store::MessageRow& row,
                     const std::vector<store::RecipientRow>& recipients, bool none_open);
    void add_recipients(Handle message, const store::MessageRow& row,
                        const std::vector<store::RecipientRow>& recipients, const Moment& now);
    void want_run();
    void run();
    void show_counts();
    void arm(const Moment& now);
    bool may_dispatch();
    bool has_room();
    void dispatch(const Moment& now);
    runtime::Task<void> locate(Handle domain);
    void settle_location(Handle domain, Location location);
    runtime::Task<void> fetch(Pick pick);
    void give_back(const Pick& pick, Seconds wait);
    void carry(Pick pick, FreshContent::Fresh& fresh);
    void take_jobs(std::size_t worker);
    runtime::Task<void> deliver(Return job);
    runtime::Task<void> shut_down(Deadline grace, std::function<void()> done);

    // reconcile.cc
    struct Unaccounted {
        std::vector<OpenKey> not_known;  // to the scheduler
        std::vector<OpenKey> not_stored;
    };

    runtime::Task<void> reconcile();
    runtime::Task<Unaccounted> find_unaccounted();
    void tell_unaccounted(const Unaccounted& twice);

    // suspects.cc
    void load_suspects();
    runtime::Task<void> try_suspects();
    void note_begin(const QueueId& id);
    void note_end(const QueueId& id);

    // settle.cc
    struct Settling {
        store::Settlement settlement;
        std::vector<Event> events;
        store::OutcomeFacts told;  // for the history
        bool report_due = false;
        std::vector<EndedRecipient> ends;  // for the memory of recipients
    };

    void settle(Job& job);
    void settle_one(Job& job, std::size_t position, mail::Outcome outcome, Settling& settling);
    void apply(Handle entry, const Tried& tried, Decision decision, Settling& settling);
    void write(Settling settling);
    void written(const Settling& settling);
    runtime::Task<void> work_aside();
    void settle_fresh(std::vector<Aside>& some);
    runtime::Task<void> settle_some(std::vector<Aside> some);
    runtime::Task<Result<Rows>> read_rows(std::vector<QueueId> ids);
    void settle_aside(const Aside& aside, const store::Message& message);
    void forget(const Taken& taken);
    void give_back(const Taken& taken, Seconds wait);
    void start_reports(const Moment& now);
    runtime::Task<void> report(QueueId id, bool delay);
    void write_reports(const QueueId& about, Reports reports);
    void admit_report(const store::AddMessage& report);
    void start_digests(const Moment& now);
    runtime::Task<void> digest(std::string account);

    // admin.cc
    std::vector<QueueId> select(const Selection& selection) const;
    runtime::Task<void> do_act(Action action, Selection selection, Answer answer);
    runtime::Task<Result<std::size_t>> set_held(std::vector<QueueId> ids, bool held,
                                                std::string why);
    runtime::Task<Result<std::size_t>> retry(std::vector<QueueId> ids, std::string domain,
                                             std::string route);
    runtime::Task<Result<void>> reroute(std::vector<QueueId> ids, std::string route);
    runtime::Task<Result<std::size_t>> cancel(std::vector<QueueId> ids, std::string domain,
                                              bool report);
    using MakeChange = std::function<store::Change(const QueueId&)>;
    // `tell` makes the record for the history, when there is anything to tell.
    runtime::Task<Result<void>> commit_each(std::vector<QueueId> ids, MakeChange make,
                                            MakeChange tell = {});
    runtime::Task<void> hold_by_route(QueueId id);
    Event admin_event(EventType type, const QueueId& id);

    Queue::Options options_;
    Parts parts_;
    Scheduler scheduler_;
    FreshContent fresh_;
    Ledger ledger_;
    std::unordered_map<QueueId, unsigned> unwritten_;  // settlements not yet durable, by message
    Waves waves_;
    Waves delays_;  // messages whose senders are to be told that it takes longer
    std::deque<Aside> aside_;
    bool working_aside_ = false;
    std::unordered_set<QueueId>
        reporting_;  // messages whose reports are being made, until they are durable
    std::shared_ptr<ReportDesk> desk_;
    std::unordered_set<std::string> digesting_;  // accounts, likewise
    QueueMetrics metrics_;
    std::unique_ptr<InFlight> in_flight_;  // null: none could be made
    Quarantine quarantine_{{}};
    runtime::Notifier tried_;  // a suspect, and we still live

    Inbox<Incoming> inbox_;
    std::vector<std::unique_ptr<Inbox<std::unique_ptr<Job>>>> outboxes_;  // by worker
    bool run_wanted_ = false;
    bool loaded_ = false;
    bool started_ = false;
    bool stopping_ = false;
    bool paused_ = false;  // too much waits to be written
    bool halted_ = false;
    std::optional<runtime::Worker::TimerId> timer_;
    SteadyTime timer_at_{};
    runtime::Notifier idle_;

    std::vector<std::unique_ptr<runtime::TaskGroup>> carriers_;  // by worker
    std::unique_ptr<runtime::TaskGroup> tasks_;                  // of the home worker
    std::unique_ptr<runtime::TaskGroup> stopper_;
};

}  // namespace posthaste::queue
