// Bringing recipients and the courier together. What comes of it: settle.cc. Persons: admin.cc.
#include "queue/dispatcher.h"

#include "base/random.h"
#include "queue/routing_key.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

constexpr std::size_t kBudget = 2000;         // recipients looked at in one go
constexpr std::size_t kMostUnwritten = 2000;  // settlements that are not yet durable
constexpr Milliseconds kShortestSleep{20};
constexpr Seconds kReadDeadline{60};
constexpr Seconds kAfterReadError{600};
constexpr Seconds kAfterOurTrouble{60};
constexpr Seconds kCleanup{2};  // of what was cancelled

mail::Outcome cannot_locate(std::string why) {
    mail::Outcome outcome;
    outcome.status = {4, 4, 3};
    outcome.cause = mail::Cause::dns_failure;
    outcome.reply = std::move(why);
    return outcome;
}

std::size_t wire_size(const store::MessageRow& row) {
    return (row.header ? row.header->size() : 0) + 2 + row.body.size;
}

}  // namespace

Lane lane_of(bool is_report, std::int8_t priority, store::Profile profile) {
    if (is_report) return Lane::report;
    if (priority != 0) return priority > 0 ? Lane::high : Lane::low;
    return profile == store::Profile::bulk ? Lane::low : Lane::normal;
}

// A job whose task was never started, or left by an exception, comes back too: its slot is not
// lost.
class Dispatcher::Return {
  public:
    Return(std::shared_ptr<Dispatcher> owner, std::unique_ptr<Job> job)
        : owner_(std::move(owner)), job_(std::move(job)) {}

    Return(Return&&) noexcept = default;
    Return& operator=(Return&&) = delete;

    ~Return() {
        if (job_) owner_->put(std::move(job_));
    }

    Job* operator->() const { return job_.get(); }

  private:
    std::shared_ptr<Dispatcher> owner_;
    std::unique_ptr<Job> job_;
};

Dispatcher::Dispatcher(Queue::Options options, Parts parts)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      scheduler_(Scheduler::Options{.max_deliveries = options_.max_deliveries},
                 parts_.store.clock().now_queue()),
      fresh_(options_.fresh_content_octets),
      ledger_(parts_.store.committer(), parts_.workers[0],
              [this] {
                  if (stopping_) idle_.notify();
                  if (paused_ || ledger_.failed()) want_run();
              }),
      desk_(std::make_shared<ReportDesk>(options_.reports)),
      tasks_(std::make_unique<runtime::TaskGroup>(parts_.workers[0], parts_.log)),
      stopper_(std::make_unique<runtime::TaskGroup>(parts_.workers[0], parts_.log)) {
    for (std::size_t i = 0; i < parts_.workers.size(); ++i) {
        outboxes_.push_back(std::make_unique<Inbox<std::unique_ptr<Job>>>());
        carriers_.push_back(std::make_unique<runtime::TaskGroup>(parts_.workers[i], parts_.log));
    }
}

Dispatcher::~Dispatcher() {
    // Tasks of a worker that was stopped before them never end; the process is about to.
    const auto let_go = [](std::unique_ptr<runtime::TaskGroup>& group) {
        if (group->size() > 0) static_cast<void>(group.release());
    };
    for (auto& group : carriers_) let_go(group);
    let_go(tasks_);
    let_go(stopper_);
}

Moment Dispatcher::moment() const {
    return {parts_.store.clock().now_queue(), std::chrono::steady_clock::now()};
}

double Dispatcher::jitter() const {
    return static_cast<double>(random_below(1000)) / 1000.0;
}

Result<void> Dispatcher::load() {
    const Moment now = moment();
    std::unordered_set<QueueId> with_reports;
    const auto visit = [&](const store::OpenRecipient& open) {
        if (open.report_due) {
            with_reports.insert(open.id);
            return;
        }
        Scheduler::NewMessage message;
        message.id = open.id;
        message.account = open.account;
        message.expires = open.expires;
        message.hold = open.hold;
        // Who has no account is a report of ours. Whether the warning is due the message's own row
        // says then.
        const bool is_report = open.account.empty();
        const RetrySchedule& schedule = options_.retry.of(
            is_report ? store::MessageKind::dsn : store::MessageKind::mail, open.profile);
        if (!is_report && !open.delay_reported && schedule.delay_warning.count() > 0) {
            message.warn = open.starts + schedule.delay_warning;
        }
        if (open.warn && !open.delay_reported) message.warn = open.warn;
        message.lane = lane_of(is_report, open.priority, open.profile);
        const Handle handle = scheduler_.add_message(message);
        const Origin origin{open.sender, open.account, open.route, open.id};
        const auto key = routing_key(open.domain, parts_.courier.route_for(open.domain, origin));
        // What has never been tried waits for the next probe of a site that was down: to this
        // process all sites are new, and the first transaction there is the probe.
        const store::QueueTime next_at =
            open.attempts == 0 ? std::min(open.next_at, open.release) : open.next_at;
        scheduler_.add_recipient(handle, {open.index, key, next_at, open.attempts}, now);
    };
    PH_CHECK(parts_.store.engine().for_each_open(visit));
    PH_CHECK(desk_->load(parts_.store.engine()));
    for (const QueueId& id : with_reports) {
        waves_.note(id, now.steady, scheduler_.open_recipients(id) == 0);
    }
    show_counts();
    loaded_ = true;
    return {};
}

void Dispatcher::start() {
    home().post([self = shared_from_this()] {
        self->started_ = true;
        self->load_suspects();
        self->run();
        self->tasks_->spawn(self->try_suspects());
        self->tasks_->spawn(self->reconcile());
    });
}

void Dispatcher::put(Incoming incoming) {
    if (!inbox_.push(std::move(incoming))) return;
    home().post([self = shared_from_this()] { self->take_incoming(); });
}

void Dispatcher::added(Added added) {
    put(std::move(added));
}

void Dispatcher::take_incoming() {
    for (Incoming& incoming : inbox_.take()) {
        if (auto* job = std::get_if<std::unique_ptr<Job>>(&incoming)) {
            settle(**job);
        } else {
            admit(std::get<Added>(std::move(incoming)));
        }
    }
    run();
}

void Dispatcher::admit(Added added) {
    const store::MessageRow& row = *added.row;
    metrics_.accepted.add();
    Event event;
    event.type = EventType::accepted;
    event.time = row.accepted_wall;
    event.id = row.id;
    event.account = row.account;
    event.sender = mail::to_string(row.sender);
    if (added.recipients.size() == 1) {
        event.recipient = added.recipients.front().address.to_string();
    } else {
        event.text = std::to_string(added.recipients.size()) + " recipients";
    }
    event.size = wire_size(row);
    event.remote = std::move(added.client);
    event.tls = std::move(added.tls);
    parts_.events(event);
    const auto open = std::ranges::count(added.recipients, store::RecipientState::open,
                                         &store::RecipientRow::state);
    if (open < std::ssize(added.recipients)) admit_ended(row, added.recipients, open == 0);
    if (open == 0) return;

    Scheduler::NewMessage message;
    message.id = row.id;
    message.account = row.account;
    message.expires = row.expires;
    const Seconds warning = options_.retry.of(row.kind, row.profile).delay_warning;
    if (row.sender && warning.count() > 0) message.warn = row.starts() + warning;
    if (row.sender && row.asked_warning()) message.warn = row.asked_warning();
    message.lane = lane_of(row.kind == store::MessageKind::dsn, row.priority, row.profile);
    message.hold = row.hold;
    message.many = open > 1;
    const Moment now = moment();
    const Handle handle = scheduler_.add_message(message);
    add_recipients(handle, row, added.recipients, now);
    fresh_.put(std::move(added.row), std::move(added.recipients));
}

// Those that ended as the message came: they are on the account's suppression list.
void Dispatcher::admit_ended(const store::MessageRow& row,
                             const std::vector<store::RecipientRow>& recipients, bool none_open) {
    for (const store::RecipientRow& recipient : recipients) {
        if (recipient.state == store::RecipientState::open) continue;
        metrics_.suppressed.add();
        Event event;
        event.type = EventType::suppressed;
        event.time = row.accepted_wall;
        event.id = row.id;
        event.account = row.account;
        event.sender = mail::to_string(row.sender);
        event.recipient = recipient.address.to_string();
        event.status = recipient.last.status.to_string();
        event.text = recipient.last.reply;
        parts_.events(event);
    }
    waves_.note(row.id, std::chrono::steady_clock::now(), none_open);
}

void Dispatcher::add_recipients(Handle message, const store::MessageRow& row,
                                const std::vector<store::RecipientRow>& recipients,
                                const Moment& now) {
    const std::string sender = mail::to_string(row.sender);
    const Origin origin{sender, row.account, row.route, row.id};
    for (const store::RecipientRow& recipient : recipients) {
        if (recipient.state != store::RecipientState::open) continue;
        const std::string& domain = recipient.address.domain().ascii();
        const auto key = routing_key(domain, parts_.courier.route_for(domain, origin));
        scheduler_.add_recipient(
            message, {recipient.index, key, recipient.next_at, recipient.attempts}, now);
    }
}

void Dispatcher::refresh_limits() {
    home().post([self = shared_from_this()] {
        self->scheduler_.refresh(kNone, self->moment());
        self->want_run();
    });
}

void Dispatcher::look_again() {
    home().post([self = shared_from_this()] { self->want_run(); });
}

ReportOptions Dispatcher::report_options() const {
    return {options_.hostname, options_.admin,     options_.retry, desk_,
            parts_.signing,    options_.rule_words};
}

void Dispatcher::want_run() {
    if (run_wanted_) return;
    run_wanted_ = true;
    home().post([self = shared_from_this()] { self->run(); });
}

void Dispatcher::run() {
    run_wanted_ = false;
    const Moment now = moment();
    const bool more = scheduler_.advance(now, kBudget);
    for (Taken& taken : scheduler_.take_expired()) {
        mail::Outcome outcome = taken.trouble ? *taken.trouble : mail::Outcome();
        aside_.push_back({Aside::Why::expired, std::move(taken), std::move(outcome)});
    }
    for (Scheduler::Delayed& delayed : scheduler_.take_delayed()) {
        mail::Outcome outcome = delayed.what.trouble ? *delayed.what.trouble : mail::Outcome();
        aside_.push_back({Aside::Why::delayed, std::move(delayed.what), std::move(outcome),
                          delayed.until - now.steady});
    }
    for (const QueueId& id : scheduler_.take_warnings()) delays_.again_at(id, now.steady);
    for (const QueueId& id : scheduler_.take_route_held()) tasks_->spawn(hold_by_route(id));
    if (may_dispatch()) {
        dispatch(now);
        if (!aside_.empty() && !working_aside_) tasks_->spawn(work_aside());
        start_reports(now);
        start_digests(now);
    }
    show_counts();
    if (more) {
        want_run();
    } else {
        arm(now);
    }
}

void Dispatcher::show_counts() {
    const Scheduler::Counts counts = scheduler_.counts();
    metrics_.waiting.set(static_cast<std::int64_t>(counts.waiting));
    metrics_.in_flight.set(static_cast<std::int64_t>(counts.in_flight));
    metrics_.held.set(static_cast<std::int64_t>(counts.held));
}

bool Dispatcher::may_dispatch() {
    if (!started_ || stopping_ || halted_) return false;
    if (ledger_.failed() || parts_.store.committer().health() == store::Health::failed) {
        halted_ = true;
        parts_.log.error("queue.halted", {{"why", parts_.store.committer().health_text()},
                                          {"mend", "repair the disk, then restart the server"}});
        return false;
    }
    paused_ = ledger_.pending() >= kMostUnwritten;
    return !paused_;
}

// A transaction counts as in flight until what came of it is durable: a crash repeats no more than
// these, however far the disk is behind.
bool Dispatcher::has_room() {
    if (scheduler_.running() + ledger_.pending() < options_.max_deliveries) return true;
    paused_ = true;
    return false;
}

void Dispatcher::arm(const Moment& now) {
    if (!started_ || stopping_ || halted_) return;
    SteadyTime wake = SteadyTime::max();
    if (const auto at = scheduler_.next_wake(now)) wake = *at;
    if (const auto at = waves_.next()) wake = std::min(wake, *at);
    if (const auto at = delays_.next()) wake = std::min(wake, *at);
    if (const auto at = desk_->next_due()) wake = std::min(wake, now.steady + (*at - now.queue));
    if (wake == SteadyTime::max()) return;
    wake = std::max(wake, now.steady + kShortestSleep);
    if (timer_ && timer_at_ <= wake && timer_at_ > now.steady) return;
    if (timer_) home().forget(*timer_);
    timer_at_ = wake;
    timer_ = home().call_at(wake, [self = shared_from_this()] {
        self->timer_.reset();
        self->run();
    });
}

void Dispatcher::dispatch(const Moment& now) {
    while (const auto domain = scheduler_.next_to_locate()) tasks_->spawn(locate(*domain));
    Pick pick;
    while (may_dispatch() && has_room() && scheduler_.pick(pick, now)) {
        if (FreshContent::Fresh* fresh = fresh_.find(pick.what.id)) {
            carry(std::exchange(pick, {}), *fresh);
        } else {
            tasks_->spawn(fetch(std::exchange(pick, {})));
        }
    }
}

runtime::Task<void> Dispatcher::locate(Handle domain) {
    Location location;
    const std::string key = scheduler_.domain_name(domain);
    const std::string name(domain_of(key));
    location.otherwise = cannot_locate("the domain could not be looked up");
    auto parsed = mail::Domain::parse(name);
    try {
        if (parsed) {
            auto locating = parts_.courier.locate(*parsed, std::string(route_of(key)));
            location = co_await std::move(locating);
        }
    } catch (const std::exception& e) {
        parts_.log.error("task.exception", {{"what", e.what()}, {"domain", name}});
    }
    settle_location(domain, std::move(location));
}

void Dispatcher::settle_location(Handle domain, Location location) {
    const Moment now = moment();
    std::vector<Taken> nowhere;
    if (location.hold) {
        nowhere = scheduler_.located_hold(domain, location.site ? &*location.site : nullptr, now);
    } else if (location.site) {
        scheduler_.located(domain, *location.site, now);
    } else {
        nowhere = scheduler_.not_located(domain, now);
    }
    for (Taken& taken : nowhere) {
        aside_.push_back({Aside::Why::outcome, std::move(taken), location.otherwise});
    }
    want_run();
}

// Not submitted lately: read from the store.
runtime::Task<void> Dispatcher::fetch(Pick pick) {
    const QueueId id = pick.what.id;
    auto read = [&store = parts_.store, id] { return store.engine().message(id); };
    auto reading =
        runtime::offload(parts_.blocking, std::move(read), Deadline::after(kReadDeadline));
    auto message = co_await std::move(reading);
    if (stopping_) {
        give_back(pick, kAfterOurTrouble);
    } else if (!message) {
        parts_.log.error("queue.unreadable", {{"id", id.to_string()},
                                              {"why", message.error().text},
                                              {"mend", message.error().mend}});
        give_back(pick, message.error().kind == ErrorKind::io ? kAfterReadError : kAfterOurTrouble);
    } else if (!*message) {
        forget(pick.what);  // it has ended
        scheduler_.free_slot(pick, {}, moment(), jitter());
    } else {
        auto row = std::make_shared<const store::MessageRow>(std::move((*message)->row));
        auto& fresh = fresh_.put(std::move(row), std::move((*message)->recipients));
        carry(std::move(pick), fresh);
    }
    want_run();
}

void Dispatcher::give_back(const Pick& pick, Seconds wait) {
    scheduler_.free_slot(pick, {}, moment(), jitter());
    give_back(pick.what, wait);
}

// To the worker of the slot, so that a slot's connection is found again and one site uses all
// cores.
void Dispatcher::carry(Pick pick, FreshContent::Fresh& fresh) {
    auto job = std::make_unique<Job>();
    job->message = fresh.row;
    std::vector<Taken::Item> items;
    Taken cancelled = pick.what;  // by a person, while the message was read
    cancelled.items.clear();
    for (const Taken::Item& item : pick.what.items) {
        if (scheduler_.cancelled(item.entry)) {
            cancelled.items.push_back(item);
            continue;
        }
        const store::RecipientRow* row = fresh.recipient(item.index);
        if (row == nullptr || row->state != store::RecipientState::open) {
            scheduler_.finish(item.entry);  // not in the store any more
            continue;
        }
        items.push_back(item);
        job->recipients.push_back(*row);
        job->recipients.back().attempts = item.attempts;
    }
    pick.what.items = std::move(items);
    if (!cancelled.items.empty()) {
        aside_.push_back({Aside::Why::cancelled, std::move(cancelled), {}});
        want_run();
    }
    if (job->recipients.empty()) {
        scheduler_.free_slot(pick, {}, moment(), jitter());
        return;
    }
    const std::size_t worker = (pick.site + pick.slot) % parts_.workers.size();
    job->pick = std::move(pick);
    note_begin(job->pick.what.id);
    metrics_.attempts.add();
    if (!outboxes_[worker]->push(std::move(job))) return;
    parts_.workers[worker].post([self = shared_from_this(), worker] { self->take_jobs(worker); });
}

void Dispatcher::take_jobs(std::size_t worker) {
    for (auto& job : outboxes_[worker]->take()) {
        carriers_[worker]->spawn(deliver(Return(shared_from_this(), std::move(job))));
    }
}

runtime::Task<void> Dispatcher::deliver(Return job) {
    Parcel parcel;
    parcel.message = job->message;
    parcel.recipients = job->recipients;
    parcel.site = job->pick.site_key;
    parcel.route = job->pick.route;
    parcel.source = job->pick.source;
    parcel.close_after = job->pick.close_after;
    auto delivering = parts_.courier.deliver(std::move(parcel));
    try {
        job->report = co_await std::move(delivering);
    } catch (const std::exception& error) {
        job->thrown = error.what();
        throw;  // the task group logs it
    }
    job->came_back = true;
    const auto& context = co_await runtime::this_task();
    job->cancelled = context.cancelled;
}

void Dispatcher::stop(Deadline grace, std::function<void()> done) {
    home().post([self = shared_from_this(), grace, done = std::move(done)]() mutable {
        self->stopping_ = true;
        if (self->timer_) self->home().forget(*self->timer_);
        self->timer_.reset();
        self->stopper_->spawn(self->shut_down(grace, std::move(done)));
    });
}

runtime::Task<void> Dispatcher::shut_down(Deadline grace, std::function<void()> done) {
    const auto self = shared_from_this();
    while (scheduler_.running() > 0 && !grace.passed()) {
        auto waited = co_await idle_.wait(grace);
        static_cast<void>(waited);
    }
    for (std::size_t i = 0; i < carriers_.size(); ++i) {
        parts_.workers[i].post([self, i] { self->carriers_[i]->cancel(); });
    }
    auto soon = Deadline::after(kCleanup);
    while (scheduler_.running() > 0 && !soon.passed()) {
        auto waited = co_await idle_.wait(soon);
        static_cast<void>(waited);
    }
    auto closing = tasks_->close();
    co_await std::move(closing);
    soon = Deadline::after(kCleanup);
    while (ledger_.pending() > 0 && !ledger_.failed() && !soon.passed()) {
        auto waited = co_await idle_.wait(soon);
        static_cast<void>(waited);
    }
    ledger_.stop();
    runtime::Callback<void> courier_stopped;
    parts_.courier.stop([courier_stopped] { courier_stopped({}); });
    auto stopping = courier_stopped.wait(Deadline::after(kCleanup));
    auto stopped = co_await std::move(stopping);
    static_cast<void>(stopped);
    // On every worker once more, so that no frame is left behind the jobs that came back.
    for (std::size_t i = 0; i < carriers_.size(); ++i) {
        runtime::Callback<void> passed;
        parts_.workers[i].post([passed] { passed({}); });
        auto passing = passed.wait(Deadline::after(kCleanup));
        auto gone = co_await std::move(passing);
        static_cast<void>(gone);
    }
    home().post([self, done = std::move(done)] { done(); });
}

}  // namespace posthaste::queue
