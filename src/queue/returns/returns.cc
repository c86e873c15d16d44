#include "queue/returns/returns.h"

#include "base/utf8.h"
#include "queue/returns/return_facts.h"
#include "queue/returns/return_report.h"
#include "queue/story.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

using mail::report::Kind;
using store::ReturnFacts;

constexpr Seconds kReadDeadline{30};
constexpr std::size_t kMostByMessageId = 20;  // messages that share one

// What the history says of a message.
struct Known {
    store::AcceptedFacts facts;
    Timestamp accepted{};
    std::vector<store::RecordRow> records;
};

Result<std::optional<Known>> read_history(store::Store& store, const QueueId& id) {
    PH_TRY(auto told, store.history().of({id}, Deadline::after(kReadDeadline)));
    Known known;
    bool found = false;
    for (auto& row : told.front()) {
        if (row.type == store::RecordType::accepted) {
            auto facts = store::decode_accepted(row.data);
            if (!facts) continue;
            known.facts = std::move(*facts);
            known.accepted = row.at;
            found = true;
        }
        known.records.push_back(std::move(row));
    }
    if (!found) return std::optional<Known>();
    return std::optional<Known>(std::move(known));
}

bool has_recipient(const store::AcceptedFacts& facts, const std::vector<std::string>& addresses) {
    return std::ranges::any_of(addresses, [&](const std::string& address) {
        const std::uint64_t key = store::key_of_address(address);
        return std::ranges::any_of(facts.recipients, [&](const std::string& recipient) {
            return store::key_of_address(recipient) == key;
        });
    });
}

bool contains(const std::vector<std::uint32_t>& indexes, std::uint32_t index) {
    return std::ranges::find(indexes, index) != indexes.end();
}

// Whom the sender is told of, as RFC 3461 §4.1 lets them choose; of success only who asked.
bool is_told(const ReturnFacts& facts, const store::AcceptedFacts& accepted) {
    if (!facts.counts || !mail::Mailbox::parse(facts.address)) return false;
    if (facts.what == EventType::bounced) return !contains(accepted.untold, facts.index);
    return facts.what == EventType::delivered && contains(accepted.success, facts.index);
}

// Who has taken the message for that recipient; the last one counts.
std::string taken_by(const Known& known, std::uint32_t index) {
    std::string host;
    for (const auto& row : known.records) {
        if (row.type != store::RecordType::outcome) continue;
        const auto facts = store::decode_outcome(row.data);
        if (!facts) continue;
        for (const auto& result : facts->results) {
            if (result.index == index && result.what == EventType::delivered)
                host = result.outcome.remote_host;
        }
    }
    return host;
}

Afterthought afterthought_of(const ReturnFacts& facts, const Known& known, const QueueId& id,
                             Timestamp at) {
    Afterthought thought;
    thought.kind = facts.what == EventType::complained ? Afterthought::Kind::complained
                                                       : Afterthought::Kind::bounced;
    thought.id = id;
    thought.index = facts.index;
    thought.address = facts.address;
    thought.account = known.facts.account;
    thought.profile = known.facts.profile;
    thought.at = at;
    thought.outcome = facts.outcome;
    if (facts.what == EventType::complained) {
        thought.feedback = facts.basis;
        thought.host = taken_by(known, facts.index);
    }
    thought.confidence = facts.confidence;
    return thought;
}

Event event_of(const ReturnFacts& facts, const Known& known, const QueueId& id, Timestamp at) {
    Event event;
    event.type = facts.what;
    event.time = at;
    event.id = id;
    event.account = known.facts.account;
    event.sender = known.facts.sender;
    event.recipient = facts.address;
    event.remote = facts.outcome.remote_host;
    event.code = facts.outcome.code;
    if (facts.outcome.status.cls != 0) event.status = facts.outcome.status.to_string();
    event.text = facts.what == EventType::complained ? facts.basis : facts.outcome.reply;
    event.confidence = static_cast<int>(facts.confidence);
    event.delay = std::chrono::duration_cast<Seconds>(at - known.accepted);
    return event;
}

}  // namespace

// Nobody else takes a report about the same message meanwhile: each would find nothing told yet.
class Returns::Claim {
  public:
    explicit Claim(Returns& returns) : returns_(returns) {}

    ~Claim() { release(); }

    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

    bool take(const QueueId& id) {
        const MutexLock lock(returns_.mutex_);
        if (!returns_.being_taken_.insert(id).second) return false;
        id_ = id;
        return true;
    }

    // Before the answer is given: the pool may hold its work, and this with it, a moment longer.
    void release() {
        const auto id = std::exchange(id_, std::nullopt);
        if (!id) return;
        const MutexLock lock(returns_.mutex_);
        returns_.being_taken_.erase(*id);
    }

  private:
    Returns& returns_;
    std::optional<QueueId> id_;
};

struct Returns::Prepared {
    ReturnAnswer answer;
    store::Changes changes;
    std::vector<Event> events;
    std::size_t uncertain = 0, delayed = 0, delivered = 0;  // recipients
};

Returns::Returns(Options options, Queue& queue, store::Store& store,
                 runtime::BlockingPool& blocking, Log& log,
                 std::function<void(const Event&)> events)
    : options_(std::move(options)),
      queue_(queue),
      store_(store),
      blocking_(blocking),
      log_(log),
      events_(std::move(events)) {}

// By the address it came to; else by what the returned header says of us; else, for complaints,
// by the Message-ID of a message that one of those named got.
Result<std::optional<QueueId>> Returns::find_message(const Returned& returned) {
    if (returned.token) return returned.token->id;
    const auto& original = returned.reading.original;
    const auto by_token = [&](std::string_view token) -> std::optional<QueueId> {
        const auto read = options_.verp->read(token, now());
        return read ? std::optional(read->id) : std::nullopt;
    };
    for (const std::string& path :
         {original.return_path, returned.reading.feedback.original_sender}) {
        const auto mailbox = mail::Mailbox::parse(path);
        if (!mailbox || mailbox->domain() != options_.verp->domain()) continue;
        if (const auto token = mail::Verp::token_in(mailbox->local()))
            if (const auto id = by_token(*token)) return id;
    }
    if (const auto id = by_token(original.reference)) return id;
    std::vector<std::string> named = returned.reading.feedback.original_recipients;
    named.insert(named.end(), original.recipients.begin(), original.recipients.end());
    if (original.message_id.empty() || named.empty()) return std::nullopt;
    store::HistoryQuery query;
    query.message_id = original.message_id;
    query.limit = kMostByMessageId;
    query.deadline = Deadline::after(kReadDeadline);
    PH_TRY(const auto found, store_.history().find(query));
    for (const auto& message : found.messages) {
        const bool ours = message.facts.kind == store::MessageKind::mail;
        if (ours && has_recipient(message.facts, named)) return message.row.id;
    }
    return std::nullopt;
}

Result<Returns::Prepared> Returns::prepare(const Returned& returned, Claim& claim) {
    Prepared prepared;
    const Kind kind = returned.reading.kind;
    if (kind == Kind::unknown || (kind == Kind::automatic_reply && !returned.token)) {
        return prepared;
    }
    PH_TRY(prepared.answer.id, find_message(returned));
    const auto& id = prepared.answer.id;
    prepared.answer.end = ReturnEnd::unknown_message;
    if (!id) return prepared;
    if (!claim.take(*id)) return fail(ErrorKind::busy, "another report about it is being taken");
    PH_TRY(const auto known, read_history(store_, *id));
    if (!known) return prepared;
    if (kind == Kind::automatic_reply || kind == Kind::feedback) {
        prepared.answer.end = ReturnEnd::ignored;
        return prepared;
    }
    auto all = make_return_facts(returned, known->facts, options_.classify);
    std::erase_if(all, [&](const ReturnFacts& one) { return is_known(one, known->records); });
    prepared.answer.end = ReturnEnd::repeated;
    if (all.empty()) return prepared;
    prepared.answer.end = ReturnEnd::taken;
    const Timestamp at = now();
    const ReportOptions options = queue_.report_options();
    Reports reports;
    for (const EventType what : {EventType::bounced, EventType::delivered}) {
        std::vector<const ReturnFacts*> told;
        for (const ReturnFacts& one : all)
            if (one.what == what && is_told(one, known->facts)) told.push_back(&one);
        if (told.empty()) continue;
        const ReturnedMessage message{*id, known->accepted, known->facts};
        PH_TRY(const std::string report, tell_sender(store_, options, message, told, reports));
        for (ReturnFacts& one : all)
            if (std::ranges::find(told, &one) != told.end()) one.report = report;
    }
    store::Changes records;
    for (const ReturnFacts& one : all) {
        const bool ends = one.what == EventType::bounced || one.what == EventType::complained;
        if (one.counts && ends && one.index != ReturnFacts::kNobody) {
            const Afterthought thought = afterthought_of(one, *known, *id, at);
            for (AfterthoughtListener* listener : options_.listeners)
                PH_CHECK(listener->heard(thought));
        }
        records.push_back(
            store::AddRecord{*id, at, store::RecordType::returned, store::encode(one)});
        if (!one.counts) {
            ++prepared.uncertain;
        } else if (ends) {
            prepared.events.push_back(event_of(one, *known, *id, at));
        } else {
            ++(one.what == EventType::delayed ? prepared.delayed : prepared.delivered);
        }
    }
    // What happened stands before who was told of it.
    prepared.changes = std::move(records);
    std::ranges::move(reports.changes, std::back_inserter(prepared.changes));
    std::ranges::move(reports.events, std::back_inserter(prepared.events));
    return prepared;
}

void Returns::tell(const Prepared& prepared, const Returned& returned) {
    for (const Event& event : prepared.events) {
        if (event.type == EventType::bounced) metrics_.bounced.add();
        if (event.type == EventType::complained) metrics_.complained.add();
        events_(event);
    }
    metrics_.uncertain.add(prepared.uncertain);
    metrics_.delayed.add(prepared.delayed);
    metrics_.delivered.add(prepared.delivered);
    const auto log = [&](std::string_view event, std::string_view what) {
        log_.info(event, {{"id", prepared.answer.id ? prepared.answer.id->to_string() : ""},
                          {"client", returned.client},
                          {"read_as", returned.reading.basis},
                          {"confidence", returned.reading.confidence},
                          {"what", what}});
    };
    switch (prepared.answer.end) {
        case ReturnEnd::taken:
            if (prepared.uncertain > 0)
                log("bounce.uncertain", "it may be a bounce; told by posthaste trace, no more");
            if (prepared.delayed > 0) log("bounce.delayed", "another server goes on trying");
            if (prepared.delivered > 0) log("bounce.delivered", "another server has delivered it");
            return;
        case ReturnEnd::repeated:
            metrics_.repeated.add();
            return log("bounce.repeated", "the same was told before; nothing follows");
        case ReturnEnd::ignored:
            metrics_.ignored.add();
            return log("bounce.ignored", returned.reading.kind == Kind::automatic_reply
                                             ? "an automatic reply is no bounce"
                                             : "a report that is no complaint");
        case ReturnEnd::unknown_message:
            metrics_.unknown.add();
            return log("bounce.unknown", "the history knows of no such message");
        case ReturnEnd::not_understood:
            metrics_.unread.add();
            return log("bounce.unread", "it reads like no report of any kind");
    }
}

runtime::Task<Result<ReturnAnswer>> Returns::take(Returned returned) {
    struct Work {
        Work(Returned what, Returns& returns) : returned(std::move(what)), claim(returns) {}

        Returned returned;
        Claim claim;
    };

    // The pool may be at it longer than we wait.
    const auto work = std::make_shared<Work>(std::move(returned), *this);
    auto prepare_it = [this, work] { return prepare(work->returned, work->claim); };
    auto preparing =
        runtime::offload(blocking_, std::move(prepare_it), Deadline::after(kReadDeadline * 3));
    auto prepared = co_await std::move(preparing);
    if (!prepared) {
        const ErrorKind kind = prepared.error().kind;
        const bool over = kind != ErrorKind::timeout && kind != ErrorKind::cancelled;
        if (over) work->claim.release();
        co_return std::unexpected(std::move(prepared).error());
    }
    Result<void> written;
    if (!prepared->changes.empty()) {
        auto writing = queue_.write(std::move(prepared->changes));
        written = co_await std::move(writing);
    }
    if (written) tell(*prepared, work->returned);
    work->claim.release();
    if (!written) co_return std::unexpected(std::move(written).error());
    co_return prepared->answer;
}

void ReturnMetrics::add_to(MetricsRegistry& registry) const {
    registry.add("posthaste_returned_bounced_total", "Recipients whose mail came back", bounced);
    registry.add("posthaste_returned_complained_total", "Recipients who called it spam",
                 complained);
    registry.add("posthaste_returned_delayed_total", "Reports that it takes longer elsewhere",
                 delayed);
    registry.add("posthaste_returned_delivered_total", "Reports of a delivery elsewhere",
                 delivered);
    registry.add("posthaste_returned_uncertain_total", "What came back and may be a bounce",
                 uncertain);
    registry.add("posthaste_returned_repeated_total", "Reports that said what was known", repeated);
    registry.add("posthaste_returned_ignored_total", "Automatic replies and the like", ignored);
    registry.add("posthaste_returned_unknown_total", "Reports about messages nobody knows of",
                 unknown);
    registry.add("posthaste_returned_unread_total", "What reads like no report", unread);
}

}  // namespace posthaste::queue
