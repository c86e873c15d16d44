#include "queue/queue.h"

#include "queue/dispatcher.h"
#include "queue/signing.h"
#include "queue/story.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

// The client waits 10 minutes for the reply to its final dot (RFC 5321 §4.5.3.2.6).
constexpr auto kCommitDeadline = std::chrono::minutes(5);
constexpr Seconds kListDeadline{20};  // of a look at suppression lists
constexpr auto kAdminDeadline = std::chrono::minutes(5);

store::MessageRow make_row(Submission&& submission) {
    store::MessageRow row;
    row.id = submission.id;
    row.account = std::move(submission.account);
    row.sender = std::move(submission.envelope.sender);
    row.body_type = submission.envelope.body;
    row.smtputf8 = submission.envelope.smtputf8;
    row.ret = submission.envelope.ret;
    row.envid = std::move(submission.envelope.envid);
    row.tls_wish = submission.tls_wish;
    row.profile = submission.profile;
    row.priority = submission.priority != 0 ? submission.priority : submission.envelope.priority;
    row.by_mode = submission.envelope.by.mode;
    row.by_trace = submission.envelope.by.trace;
    row.verp = submission.verp;
    row.header = std::make_shared<const std::string>(std::move(submission.header));
    row.body = std::move(submission.body);
    return row;
}

std::vector<store::RecipientRow> make_recipients(std::vector<mail::Recipient>&& given,
                                                 store::QueueTime now) {
    std::vector<store::RecipientRow> rows(given.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
        rows[i].index = static_cast<std::uint32_t>(i);
        rows[i].address = std::move(given[i].address);
        rows[i].notify = given[i].notify;
        rows[i].orcpt = std::move(given[i].orcpt);
        rows[i].next_at = now;
    }
    return rows;
}

// A recipient that is on the account's list has ended before it began: in the transaction that
// accepts the message, so that neither is there without the other.
void end_at_once(store::AddMessage& add, RecipientMemory& memory, store::OutcomeFacts& told) {
    for (store::RecipientRow& row : add.recipients) {
        if (!memory.may_be_listed(add.row.account, row.address)) continue;
        auto refusal = memory.refusal(add.row.account, row.address);
        if (!refusal) continue;
        row.state = store::RecipientState::report_due;
        row.last = std::move(*refusal);
        row.last_attempt = add.row.accepted_wall;
        store::ResultFacts result;
        result.index = row.index;
        result.address = row.address.to_string();
        result.what = EventType::suppressed;
        result.outcome = row.last;
        told.results.push_back(std::move(result));
    }
}

}  // namespace

struct Queue::Impl {
    Options options;
    store::Store& store;
    runtime::BlockingPool& blocking;
    std::shared_ptr<Signing> signing;  // the dispatcher's tasks may outlive this
    std::shared_ptr<Dispatcher> dispatcher;

    bool may_end_at_once(const store::AddMessage& add) const {
        const RecipientMemory* const memory = options.memory;
        return memory != nullptr && !add.row.account.empty() &&
               std::ranges::any_of(add.recipients, [&](const store::RecipientRow& row) {
                   return memory->may_be_listed(add.row.account, row.address);
               });
    }

    struct Looked {
        store::AddMessage add;
        store::OutcomeFacts told;
    };

    // A list that cannot be read suppresses nothing: no mail ends on doubt.
    runtime::Task<Looked> end_listed(store::AddMessage add) {
        auto look = [looked = Looked{add, {}},
                     memory = options.memory]() mutable -> Result<Looked> {
            end_at_once(looked.add, *memory, looked.told);
            return std::move(looked);
        };
        auto looking = runtime::offload(blocking, std::move(look), Deadline::after(kListDeadline));
        auto looked = co_await std::move(looking);
        if (!looked) co_return Looked{std::move(add), {}};
        co_return std::move(*looked);
    }

    runtime::Task<Result<std::size_t>> act(Dispatcher::Action action, Selection selection) {
        Dispatcher::Answer answer;
        dispatcher->act(action, std::move(selection), answer);
        auto waiting = answer.wait(Deadline::after(kAdminDeadline));
        auto count = co_await std::move(waiting);
        co_return count;
    }
};

Queue::Queue(Options options, store::Store& store, Courier& courier, runtime::WorkerPool& workers,
             runtime::BlockingPool& blocking, Log& log, std::function<void(const Event&)> events) {
    auto signing = std::make_shared<Signing>(store, log);
    Dispatcher::Parts parts{store, courier, workers, blocking, signing, log, std::move(events)};
    auto dispatcher = std::make_shared<Dispatcher>(options, std::move(parts));
    impl_ = std::make_shared<Impl>(std::move(options), store, blocking, std::move(signing),
                                   std::move(dispatcher));
}

Queue::~Queue() = default;

Result<void> Queue::start() {
    PH_CHECK(impl_->dispatcher->load());
    impl_->dispatcher->start();
    return {};
}

Result<void> Queue::open_for_admin() {
    return impl_->dispatcher->load();
}

void Queue::stop(Deadline grace, std::function<void()> done) {
    impl_->dispatcher->stop(grace, std::move(done));
}

bool Queue::signs(const mail::Domain& from) const {
    return impl_->signing->signs(from);
}

ReportOptions Queue::report_options() const {
    return impl_->dispatcher->report_options();
}

std::string Queue::sign_now(const std::string& header, const std::string& body_hash) {
    return impl_->signing->sign_now(header, body_hash);
}

runtime::Task<Result<void>> Queue::submit(Submission submission) {
    if (!submission.body_hash.empty()) {
        auto signing = impl_->signing->sign(submission.header, submission.body_hash);
        PH_CO_TRY(const std::string fields, co_await std::move(signing));
        submission.header.insert(0, fields);
    }
    const store::QueueTime at = impl_->store.clock().now_queue();
    const std::optional<Seconds> expire = submission.expire;
    const mail::DeliverBy by = submission.envelope.by;
    const std::optional<Timestamp> release = submission.envelope.release;
    store::AddMessage add;
    Dispatcher::Added added;
    added.client = std::move(submission.client);
    added.tls = std::move(submission.tls);
    std::vector<std::string> mended = std::move(submission.changes);
    add.recipients = make_recipients(std::move(submission.envelope.recipients), at);
    add.row = make_row(std::move(submission));
    add.row.accepted_wall = now();
    add.row.accepted = at;
    if (release && *release > add.row.accepted_wall) {
        add.row.release = at + (*release - add.row.accepted_wall);
        for (store::RecipientRow& recipient : add.recipients) recipient.next_at = add.row.release;
    }
    const Seconds longest = impl_->options.retry.of(add.row.kind, add.row.profile).expire;
    add.row.expires = add.row.starts() + std::min(expire.value_or(longest), longest);
    if (by.mode != mail::ByMode::none) add.row.by = at + by.within;
    if (by.mode == mail::ByMode::give_back) add.row.expires = std::min(add.row.expires, add.row.by);
    store::AddRecord told = tell_accepted(add, {added.client, added.tls, std::move(mended), {}});
    store::OutcomeFacts ended;
    if (impl_->may_end_at_once(add)) {
        auto looking = impl_->end_listed(std::move(add));
        auto looked = co_await std::move(looking);
        add = std::move(looked.add);
        ended = std::move(looked.told);
    }
    const QueueId id = add.row.id;
    const Timestamp accepted = add.row.accepted_wall;
    added.row = std::make_shared<const store::MessageRow>(add.row);
    added.recipients = add.recipients;

    store::Changes changes;
    changes.push_back(std::move(add));
    changes.push_back(std::move(told));
    if (!ended.results.empty()) tell_outcome(id, accepted, std::move(ended), changes);
    runtime::Callback<void> done;
    // On the committer's thread. What is durable is scheduled whether or not its session still
    // waits.
    auto committed = [dispatcher = impl_->dispatcher, added = std::move(added),
                      done](Result<void> result) mutable {
        if (result) dispatcher->added(std::move(added));
        done(std::move(result));
    };
    impl_->store.committer().submit(std::move(changes), std::move(committed));
    auto waiting = done.wait(Deadline::after(kCommitDeadline));
    auto result = co_await std::move(waiting);
    if (!result && result.error().kind == ErrorKind::timeout) {
        co_return fail(ErrorKind::busy, "the disk did not answer in time",
                       "check the disk that holds the store");
    }
    co_return result;
}

runtime::Task<Result<void>> Queue::write(store::Changes changes) {
    std::vector<Dispatcher::Added> added;
    bool tells_later = false;  // the digest that it waits for may be due before anything else is
    for (const store::Change& change : changes) {
        tells_later = tells_later || std::holds_alternative<store::AddDigestLines>(change);
        if (const auto* message = std::get_if<store::AddMessage>(&change)) {
            added.push_back({std::make_shared<const store::MessageRow>(message->row),
                             message->recipients,
                             {},
                             {}});
        }
    }
    runtime::Callback<void> done;
    auto committed = [dispatcher = impl_->dispatcher, added = std::move(added), tells_later,
                      done](Result<void> result) mutable {
        for (auto& one : added) {
            if (result) dispatcher->added(std::move(one));
        }
        if (result && tells_later) dispatcher->look_again();
        done(std::move(result));
    };
    impl_->store.committer().submit(std::move(changes), std::move(committed));
    auto waiting = done.wait(Deadline::after(kCommitDeadline));
    auto result = co_await std::move(waiting);
    co_return result;
}

runtime::Task<Result<std::size_t>> Queue::hold(Selection selection) {
    return impl_->act(Dispatcher::Action::hold, std::move(selection));
}

runtime::Task<Result<std::size_t>> Queue::release(Selection selection) {
    return impl_->act(Dispatcher::Action::release, std::move(selection));
}

runtime::Task<Result<std::size_t>> Queue::retry(Selection selection) {
    return impl_->act(Dispatcher::Action::retry, std::move(selection));
}

runtime::Task<Result<std::size_t>> Queue::cancel(Selection selection, bool report) {
    return impl_->act(report ? Dispatcher::Action::cancel_and_report : Dispatcher::Action::cancel,
                      std::move(selection));
}

void Queue::refresh_limits() {
    impl_->dispatcher->refresh_limits();
}

runtime::Task<Result<std::optional<SiteStatus>>> Queue::site_status(std::string key) {
    runtime::Callback<std::optional<SiteStatus>> answer;
    impl_->dispatcher->tell_site(std::move(key), answer);
    auto waiting = answer.wait(Deadline::after(kAdminDeadline));
    auto status = co_await std::move(waiting);
    co_return status;
}

runtime::Task<Result<std::vector<Keeping>>> Queue::keeping(std::vector<QueueId> ids) {
    runtime::Callback<std::vector<Keeping>> answer;
    impl_->dispatcher->tell_keeping(std::move(ids), answer);
    auto waiting = answer.wait(Deadline::after(kAdminDeadline));
    auto kept = co_await std::move(waiting);
    co_return kept;
}

QueueStatus Queue::status() const {
    const QueueMetrics& metrics = impl_->dispatcher->metrics();
    QueueStatus status;
    status.health = impl_->store.committer().health();
    if (status.health != store::Health::ok)
        status.health_text = impl_->store.committer().health_text();
    status.waiting = static_cast<std::uint64_t>(metrics.waiting.value());
    status.in_flight = static_cast<std::uint64_t>(metrics.in_flight.value());
    status.held = static_cast<std::uint64_t>(metrics.held.value());
    return status;
}

void Queue::register_metrics(MetricsRegistry& registry) {
    impl_->dispatcher->metrics().add_to(registry);
}

}  // namespace posthaste::queue
