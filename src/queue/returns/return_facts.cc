#include "queue/returns/return_facts.h"

#include "base/ascii.h"
#include "mail/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

using mail::report::Action;
using mail::report::ReportedRecipient;
using store::ReturnFacts;

constexpr unsigned kCertain = 100;

std::optional<std::uint32_t> find_recipient(const store::AcceptedFacts& accepted,
                                            std::string_view address) {
    if (address.empty()) return std::nullopt;
    for (std::size_t i = 0; i < accepted.recipients.size(); ++i) {
        if (ascii::equals_ignore_case(accepted.recipients[i], address))
            return static_cast<std::uint32_t>(i);
    }
    return std::nullopt;
}

std::string address_of(const store::AcceptedFacts& accepted, std::uint32_t index) {
    return index < accepted.recipients.size() ? accepted.recipients[index] : std::string();
}

EventType event_for(Action action) {
    switch (action) {
        case Action::delayed:
            return EventType::delayed;
        case Action::delivered:
        case Action::relayed:
        case Action::expanded:
            return EventType::delivered;
        default:
            return EventType::bounced;
    }
}

mail::Outcome outcome_of(const ReportedRecipient& reported, const std::string& reporter,
                         EventType what, const Returns::Classify& classify) {
    mail::Outcome outcome;
    outcome.verdict = what == EventType::bounced   ? mail::Verdict::failed
                      : what == EventType::delayed ? mail::Verdict::deferred
                                                   : mail::Verdict::delivered;
    if (reported.status) outcome.status = *reported.status;
    outcome.code = reported.code;
    outcome.reply = reported.diagnostic;
    // "550 5.1.1 no": the code stands beside it.
    if (outcome.code != 0 && outcome.reply.starts_with(std::to_string(outcome.code)))
        outcome.reply.erase(0, std::min<std::size_t>(outcome.reply.size(), 4));
    outcome.remote_host = reported.remote.empty() ? reporter : reported.remote;
    if (what != EventType::bounced) return outcome;
    if (classify && !outcome.reply.empty()) outcome.cause = classify(outcome);
    if (outcome.cause == mail::Cause::none || outcome.cause == mail::Cause::unknown)
        outcome.cause = cause_of_status(outcome.status);
    return outcome;
}

// One who was meant, by all that is known: the address that the report came to, the recipient as
// the sender knows it, as the reporter knows it; or the only one there is.
std::uint32_t who_is_meant(const Returned& returned, const store::AcceptedFacts& accepted,
                           const ReportedRecipient& reported) {
    if (returned.token && returned.token->recipient &&
        *returned.token->recipient < accepted.recipients.size())
        return *returned.token->recipient;
    if (const auto found = find_recipient(accepted, reported.original_address)) return *found;
    if (const auto found = find_recipient(accepted, reported.final_address)) return *found;
    return accepted.recipients.size() == 1 ? 0 : ReturnFacts::kNobody;
}

bool is_same(const ReturnFacts& a, const ReturnFacts& b) {
    return a.what == b.what && a.index == b.index &&
           (a.index != ReturnFacts::kNobody || ascii::equals_ignore_case(a.address, b.address));
}

void add(std::vector<ReturnFacts>& all, ReturnFacts facts) {
    const auto known =
        std::ranges::find_if(all, [&](const ReturnFacts& f) { return is_same(f, facts); });
    if (known == all.end()) all.push_back(std::move(facts));
}

std::vector<ReturnFacts> bounce_facts(const Returned& returned,
                                      const store::AcceptedFacts& accepted,
                                      const Returns::Classify& classify) {
    const auto& reading = returned.reading;
    const bool certain = reading.confidence >= kCertain;
    std::vector<ReturnFacts> all;
    const auto take = [&](const ReportedRecipient& reported) {
        ReturnFacts facts;
        facts.what = event_for(reported.action);
        facts.counts = reading.confidence >= mail::report::kSureEnough;
        facts.index = who_is_meant(returned, accepted, reported);
        // Prose names addresses of all kinds: of the postmaster, of a help desk.
        if (!certain && facts.index == ReturnFacts::kNobody) return;
        facts.address = facts.index == ReturnFacts::kNobody ? reported.final_address
                                                            : address_of(accepted, facts.index);
        facts.outcome = outcome_of(reported, reading.report.reporter, facts.what, classify);
        facts.confidence = reading.confidence;
        facts.basis = reading.basis;
        add(all, std::move(facts));
    };
    for (const ReportedRecipient& reported : reading.report.recipients) take(reported);
    if (!all.empty() || certain) return all;
    // Nobody of ours is named. Who else can be meant, if the message had one recipient?
    ReportedRecipient somebody;
    if (!reading.report.recipients.empty()) somebody = reading.report.recipients.front();
    somebody.action = somebody.action == Action::unknown ? Action::failed : somebody.action;
    somebody.final_address.clear();
    take(somebody);
    if (!all.empty()) return all;
    ReturnFacts facts;
    facts.index = ReturnFacts::kNobody;
    facts.counts = false;
    facts.outcome = outcome_of(somebody, reading.report.reporter, EventType::bounced, classify);
    facts.confidence = reading.confidence;
    facts.basis = reading.basis;
    all.push_back(std::move(facts));
    return all;
}

std::vector<ReturnFacts> complaint_facts(const Returned& returned,
                                         const store::AcceptedFacts& accepted) {
    const auto& reading = returned.reading;
    std::vector<std::string> named = reading.feedback.original_recipients;
    named.insert(named.end(), reading.original.recipients.begin(),
                 reading.original.recipients.end());
    std::vector<ReturnFacts> all;
    const auto take = [&](std::uint32_t index) {
        ReturnFacts facts;
        facts.what = EventType::complained;
        facts.index = index;
        facts.address = address_of(accepted, index);
        facts.confidence = reading.confidence;
        facts.basis = reading.basis;
        facts.outcome.remote_host = reading.feedback.user_agent;
        add(all, std::move(facts));
    };
    if (returned.token && returned.token->recipient &&
        *returned.token->recipient < accepted.recipients.size()) {
        take(*returned.token->recipient);
        return all;
    }
    for (const std::string& address : named)
        if (const auto index = find_recipient(accepted, address)) take(*index);
    // The provider has taken the address out (RFC 6590).
    if (all.empty()) take(accepted.recipients.size() == 1 ? 0 : ReturnFacts::kNobody);
    return all;
}

// What the history keeps of the header; the octets that came back are a stranger's.
std::string known_header(const store::AcceptedFacts& accepted) {
    std::string header;
    if (!accepted.sender.empty()) header += fmt::format("From: <{}>\r\n", accepted.sender);
    if (!accepted.subject.empty())
        header += fmt::format("Subject: {}\r\n", mail::encode_words(accepted.subject));
    if (!accepted.message_id.empty())
        header += fmt::format("Message-ID: {}\r\n", mail::readable_ascii(accepted.message_id, 500));
    return header;
}

}  // namespace

mail::Cause cause_of_status(const mail::EnhancedStatus& status) {
    using mail::Cause;

    struct Row {
        std::uint16_t subject, detail;
        Cause cause;
    };

    static constexpr Row kRows[] = {
        {1, 0, Cause::invalid_recipient},
        {1, 1, Cause::invalid_recipient},
        {1, 2, Cause::bad_domain},
        {1, 3, Cause::invalid_recipient},
        {1, 6, Cause::inactive_mailbox},
        {1, 7, Cause::invalid_sender},
        {1, 8, Cause::invalid_sender},
        {1, 10, Cause::invalid_recipient},
        {2, 1, Cause::inactive_mailbox},
        {2, 2, Cause::mailbox_full},
        {2, 3, Cause::too_large},
        {3, 4, Cause::too_large},
        {4, 1, Cause::no_answer},
        {4, 2, Cause::bad_connection},
        {4, 3, Cause::dns_failure},
        {4, 4, Cause::routing},
        {4, 6, Cause::loop},
        {4, 7, Cause::expired},
        {5, 3, Cause::too_many_recipients},
        {6, 7, Cause::no_smtputf8},
        {7, 20, Cause::sender_auth},
        {7, 23, Cause::sender_auth},
        {7, 26, Cause::sender_auth},
    };
    const auto* row = std::ranges::find_if(kRows, [&](const Row& r) {
        return r.subject == status.subject && r.detail == status.detail;
    });
    if (row != std::end(kRows)) return row->cause;
    return status.subject == 7 ? Cause::policy : Cause::unknown;
}

std::vector<ReturnFacts> make_return_facts(const Returned& returned,
                                           const store::AcceptedFacts& accepted,
                                           const Returns::Classify& classify) {
    switch (returned.reading.kind) {
        case mail::report::Kind::bounce:
            return bounce_facts(returned, accepted, classify);
        case mail::report::Kind::complaint:
            return complaint_facts(returned, accepted);
        default:
            return {};
    }
}

bool is_known(const ReturnFacts& facts, std::span<const store::RecordRow> records) {
    return std::ranges::any_of(records, [&](const store::RecordRow& row) {
        if (row.type != store::RecordType::returned) return false;
        const auto before = store::decode_return(row.data);
        // What was uncertain may become certain.
        return before && is_same(*before, facts) && (before->counts || !facts.counts);
    });
}

mail::DsnMessage make_return_report(const ReturnReport& about, const store::AcceptedFacts& accepted,
                                    std::span<const ReturnFacts* const> facts) {
    mail::DsnInput input;
    const bool delivered = facts.front()->what == EventType::delivered;
    input.action = delivered ? mail::DsnAction::delivered : mail::DsnAction::failed;
    input.hostname = about.hostname;
    input.admin = about.admin;
    input.original_id = about.about;
    if (auto sender = mail::Mailbox::parse(accepted.sender)) input.sender = std::move(*sender);
    input.envid = accepted.envid;
    input.arrived = about.accepted;
    if (!delivered) {
        input.returned_after =
            std::max(Seconds(0), std::chrono::duration_cast<Seconds>(about.now - about.accepted));
    }
    for (const ReturnFacts* one : facts) {
        auto address = mail::Mailbox::parse(one->address);
        if (!address) continue;  // a stranger's word for somebody
        mail::DsnRecipient recipient;
        recipient.recipient.address = std::move(*address);
        recipient.outcome = one->outcome;
        recipient.rule = words_of_rule(about.rule_words, one->outcome);
        input.recipients.push_back(std::move(recipient));
    }
    input.original_header = known_header(accepted);
    input.language = about.language;
    input.id = about.id;
    input.now = about.now;
    return mail::make_dsn(input);
}

}  // namespace posthaste::queue
