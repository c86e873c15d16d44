#include "queue/bounce.h"

#include "base/ascii.h"
#include "mail/dsn/dsn.h"
#include "mail/header.h"
#include "queue/report/account_wish.h"
#include "queue/report/digest_report.h"
#include "queue/report/report_language.h"
#include "queue/report/report_mail.h"
#include "queue/story.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

using mail::Notify;
using store::RecipientState;
using To = store::RecipientUpdate::To;

// Recipients of one report, far above what one transaction may bring (B-4, F12: one report for a
// message and wave); it only bounds what is made in memory.
constexpr std::size_t kMostInOneReport = 10'000;
constexpr std::size_t kMostReturned = 100 << 10;  // octets of the message, with RET=FULL (B-9)

bool may_report(const store::MessageRow& message, const store::RecipientRow& recipient) {
    // The null sender, and with it every report of ours, never gets one (B-1, RFC 5321 §4.5.5).
    return message.kind == store::MessageKind::mail && message.sender.has_value() &&
           recipient.notify != Notify::never;
}

}  // namespace

bool failure_report_due(const store::MessageRow& message, const store::RecipientRow& recipient) {
    return may_report(message, recipient) &&
           (recipient.notify == Notify::unset || has(recipient.notify, Notify::failure));
}

bool success_report_due(const store::MessageRow& message, const store::RecipientRow& recipient,
                        const mail::Outcome& outcome) {
    if (!may_report(message, recipient)) return false;
    // RFC 2852 §4.1.4: who set a time hears that a hop took it which does not know of that time,
    // and of each hop if that was asked for.
    if (message.by_trace || (message.by_mode != mail::ByMode::none && !outcome.remote_takes_by &&
                             !outcome.remote_ip.empty())) {
        return true;
    }
    return has(recipient.notify, Notify::success) && !outcome.remote_takes_dsn;
}

bool delay_report_due(const store::MessageRow& message, const store::RecipientRow& recipient) {
    return may_report(message, recipient) && !recipient.delay_reported &&
           (recipient.notify == Notify::unset || has(recipient.notify, Notify::delay));
}

bool is_automatic(std::string_view header) {
    auto parsed = mail::HeaderBlock::parse(header);
    if (!parsed) return false;
    if (const auto* field = parsed->find("Auto-Submitted")) {
        if (!ascii::equals_ignore_case(field->unfolded(), "no")) return true;
    }
    if (const auto* field = parsed->find("Precedence")) {
        const std::string word = ascii::to_lower(field->unfolded());
        if (word == "bulk" || word == "list" || word == "junk") return true;
    }
    return parsed->find("List-Id") != nullptr;
}

void Waves::set(const QueueId& id, SteadyTime at) {
    const auto [place, is_new] = at_.try_emplace(id, at);
    if (!is_new) order_.erase({place->second, id});
    place->second = at;
    order_.emplace(at, id);
}

void Waves::note(const QueueId& id, SteadyTime now, bool none_open) {
    const auto known = at_.find(id);
    const SteadyTime at = none_open ? now : now + kGather;
    if (known == at_.end() || known->second > at) set(id, at);
}

void Waves::again_at(const QueueId& id, SteadyTime at) {
    set(id, at);
}

std::optional<QueueId> Waves::take_due(SteadyTime now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    const QueueId id = order_.begin()->second;
    order_.erase(order_.begin());
    at_.erase(id);
    return id;
}

std::optional<SteadyTime> Waves::next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
}

namespace {

// Everything that the reports about one message share.
struct About {
    store::Store& store;
    const ReportOptions& options;
    const store::Message& message;
    store::QueueTime now;
    Timestamp wall;
    AccountWish wish{};
    mail::Language language = mail::Language::english;
    std::string full_body{};  // with RET=FULL
    bool full = false;
};

Result<std::string> read_body(store::Store& store, const store::MessageRow& row) {
    PH_TRY(auto reader, store.read_content(row));
    std::string body;
    for (;;) {
        PH_TRY(const std::string_view piece, reader.next());
        if (piece.empty()) return body;
        body += piece;
    }
}

void ask_account(About& about) {
    const store::MessageRow& row = about.message.row;
    about.wish = wish_of(about.store.engine(), row.account, row.profile);
    about.language = choose_language(
        about.wish.language, row.header ? std::string_view(*row.header) : std::string_view(),
        about.options.desk ? about.options.desk->options().language : mail::Language::english);
}

void add_body_if_asked(About& about) {
    const store::MessageRow& row = about.message.row;
    if (row.ret != mail::Ret::full) return;
    // The report may go where TLS is not kept up: it holds the header alone (RFC 8689 §5).
    if (row.tls_wish == store::TlsWish::required) return;
    if ((row.header ? row.header->size() : 0) + row.body.size > kMostReturned) return;
    auto body = read_body(about.store, row);
    if (!body) return;  // the header alone is returned; what is wrong with the body shows elsewhere
    about.full_body = std::move(*body);
    about.full = true;
}

mail::DsnInput describe(const About& about, mail::DsnAction action,
                        std::span<const store::RecipientRow* const> recipients) {
    const store::MessageRow& row = about.message.row;
    mail::DsnInput input;
    input.action = action;
    input.hostname = about.options.hostname;
    input.admin = about.options.admin;
    input.original_id = row.id;
    input.sender = *row.sender;
    input.envid = row.envid;
    input.arrived = row.accepted_wall;
    input.tried_for =
        std::max(std::chrono::duration_cast<Seconds>(about.now - row.starts()), Seconds(0));
    if (action == mail::DsnAction::delayed)
        input.retry_until = about.wall + (row.expires - about.now);
    for (const auto* recipient : recipients) {
        input.recipients.push_back({{recipient->address, recipient->notify, recipient->orcpt},
                                    recipient->last,
                                    static_cast<int>(recipient->attempts),
                                    recipient->last_attempt,
                                    words_of_rule(about.options.rule_words, recipient->last)});
    }
    if (row.header) input.original_header = *row.header;
    input.original_body = about.full_body;
    input.return_full = about.full;
    input.language = about.language;
    input.id = QueueId::make();
    input.now = about.wall;
    return input;
}

// "the sender was told that it did not arrive at 2 of the recipients"
std::string told_sentence(mail::DsnAction action, std::size_t recipients) {
    const std::string whom =
        recipients == 1 ? "one recipient" : fmt::format("{} recipients", recipients);
    switch (action) {
        case mail::DsnAction::failed:
            return fmt::format("it did not reach {}", whom);
        case mail::DsnAction::delayed:
            return fmt::format("it takes longer to {}", whom);
        case mail::DsnAction::relayed:
            return fmt::format("the servers of {} took it", whom);
        case mail::DsnAction::delivered:
            return fmt::format("it was delivered to {}", whom);
    }
    std::unreachable();
}

Result<void> add_report(const About& about, mail::DsnAction action,
                        std::span<const store::RecipientRow* const> recipients, Reports& reports) {
    const mail::DsnInput input = describe(about, action, recipients);
    const QueueId& original = about.message.row.id;
    ReportMail report;
    report.id = input.id;
    report.to = input.sender;
    report.message = mail::make_dsn(input);
    report.tls_optional = about.message.row.tls_wish == store::TlsWish::optional;
    report.now = about.now;
    report.wall = about.wall;
    report.about = original.to_string();
    report.what = "report about " + report.about;
    PH_CHECK(add_report_mail(about.store, about.options, std::move(report), reports));
    reports.changes.push_back(tell_note(original, store::RecordType::told,
                                        told_sentence(action, recipients.size()),
                                        input.id.to_string()));
    return {};
}

void add_to_digest(const About& about, mail::DsnAction action,
                   std::span<const store::RecipientRow* const> recipients, Reports& reports) {
    const store::MessageRow& row = about.message.row;
    store::AddDigestLines add;
    add.account = row.account;
    add.due = about.options.desk->wait(row.account, about.now);
    const std::string subject = row.header ? field_of(*row.header, "Subject") : std::string();
    for (const auto* recipient : recipients)
        add.lines.push_back(make_digest_line(row, *recipient, action, subject, about.wall));
    reports.changes.push_back(std::move(add));
    reports.changes.push_back(tell_note(
        row.id, store::RecordType::told,
        told_sentence(action, recipients.size()) + ", which the account's next digest says"));
}

// Only an account can wait for a digest, and be counted: reports about other mail go as they come.
bool may_wait(const About& about) {
    return about.options.desk != nullptr && about.wish.has_address;
}

// One report, or lines of the digest where the account wants that, or has got too many of late.
Result<void> add_one_report(const About& about, mail::DsnAction action,
                            std::span<const store::RecipientRow* const> recipients,
                            Reports& reports) {
    if (may_wait(about)) {
        auto count = about.options.desk->take(about.message.row.account, about.now);
        if (!count) {
            add_to_digest(about, action, recipients, reports);
            return {};
        }
        reports.changes.push_back(store::CountReport{std::move(*count)});
    }
    return add_report(about, action, recipients, reports);
}

Result<void> add_reports(const About& about, mail::DsnAction action,
                         std::span<const store::RecipientRow* const> recipients, Reports& reports) {
    std::vector<const store::RecipientRow*> own, waiting;
    for (const store::RecipientRow* recipient : recipients) {
        // Who asked for a report gets one, whatever the account's usual way is (RFC 3461 §4.1).
        const bool asked = recipient->notify != Notify::unset;
        if (asked || about.wish.reports == store::ReportWish::each) {
            own.push_back(recipient);
        } else if (about.wish.reports == store::ReportWish::digest) {
            (may_wait(about) ? waiting : own).push_back(recipient);
        }
    }
    if (!waiting.empty()) add_to_digest(about, action, waiting, reports);
    for (std::span<const store::RecipientRow* const> rest = own; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), kMostInOneReport));
        rest = rest.subspan(some.size());
        PH_CHECK(add_one_report(about, action, some, reports));
    }
    return {};
}

Event delayed_event(const About& about, const store::RecipientRow& recipient) {
    const store::MessageRow& row = about.message.row;
    Event event;
    event.type = EventType::delayed;
    event.time = about.wall;
    event.id = row.id;
    event.account = row.account;
    event.sender = mail::to_string(row.sender);
    event.recipient = recipient.address.to_string();
    event.code = recipient.last.code;
    event.text = recipient.last.reply;
    event.attempt = static_cast<int>(recipient.attempts);
    event.delay = std::chrono::duration_cast<Seconds>(about.now - row.accepted);
    return event;
}

}  // namespace

std::optional<mail::RuleWords> words_of_rule(const RuleWordsOf& rules,
                                             const mail::Outcome& outcome) {
    if (!rules || outcome.rule.empty()) return std::nullopt;
    return rules(outcome.rule);
}

Result<Reports> make_final_reports(store::Store& store, const ReportOptions& options,
                                   const QueueId& id) {
    Reports reports;
    PH_TRY(const auto message, store.engine().message(id));
    if (!message) return reports;
    About about{store, options, *message, store.clock().now_queue(), now()};
    ask_account(about);
    std::vector<const store::RecipientRow*> failed, relayed, delivered;
    store::Settlement settlement;
    settlement.id = id;
    for (const store::RecipientRow& recipient : message->recipients) {
        if (recipient.state != RecipientState::report_due) continue;
        store::RecipientUpdate update;
        update.to = To::done;
        update.index = recipient.index;
        update.attempts = recipient.attempts;
        update.outcome = recipient.last;
        update.when = recipient.last_attempt;
        settlement.updates.push_back(std::move(update));
        if (!may_report(message->row, recipient)) continue;
        if (recipient.last.verdict != mail::Verdict::delivered) {
            // One that was on a suppression list ended without being asked.
            if (failure_report_due(message->row, recipient)) failed.push_back(&recipient);
        } else {
            // Who took it over the network may still lose it; a hop of our own has it for good.
            (recipient.last.remote_ip.empty() ? delivered : relayed).push_back(&recipient);
        }
    }
    if (settlement.updates.empty()) return reports;
    if (!failed.empty()) add_body_if_asked(about);
    PH_CHECK(add_reports(about, mail::DsnAction::failed, failed, reports));
    about.full = false;  // RFC 3461 §4.3: RET is for failures
    about.full_body.clear();
    PH_CHECK(add_reports(about, mail::DsnAction::relayed, relayed, reports));
    PH_CHECK(add_reports(about, mail::DsnAction::delivered, delivered, reports));
    reports.changes.push_back(std::move(settlement));
    return reports;
}

Result<Reports> make_delay_reports(store::Store& store, const ReportOptions& options,
                                   const QueueId& id) {
    Reports reports;
    PH_TRY(const auto message, store.engine().message(id));
    if (!message || message->row.hold == store::Hold::held) return reports;
    About about{store, options, *message, store.clock().now_queue(), now()};
    const Seconds warning = options.retry.of(message->row.kind, message->row.profile).delay_warning;
    const auto asked = message->row.asked_warning();
    if (asked ? about.now < *asked
              : warning.count() == 0 || about.now < message->row.starts() + warning) {
        return reports;
    }
    const bool automatic = is_automatic(message->row.header ? *message->row.header : "");
    store::MarkDelayReported mark;
    mark.id = id;
    std::vector<const store::RecipientRow*> late;
    for (const store::RecipientRow& recipient : message->recipients) {
        if (recipient.state != RecipientState::open) continue;
        if (!delay_report_due(message->row, recipient)) continue;
        // Who asked for it by NOTIFY gets it, a program too.
        if (automatic && !asked && recipient.notify == Notify::unset) continue;
        late.push_back(&recipient);
        mark.indexes.push_back(recipient.index);
        reports.events.push_back(delayed_event(about, recipient));
    }
    if (late.empty()) return reports;
    ask_account(about);
    PH_CHECK(add_reports(about, mail::DsnAction::delayed, late, reports));
    reports.changes.push_back(std::move(mark));
    return reports;
}

}  // namespace posthaste::queue
