#include "queue/report/digest_report.h"

#include "queue/bounce.h"
#include "queue/report/report_language.h"
#include "queue/report/report_mail.h"
#include "queue/story.h"

#include <utility>

#include <fmt/format.h>

namespace posthaste::queue {
namespace {

// A line is an outcome in the form of the history. Which report it stands for is told by the event:
// one that a message is late has none of its own there.
EventType event_of(mail::DsnAction action) {
    switch (action) {
        case mail::DsnAction::failed:
            return EventType::failed;
        case mail::DsnAction::delayed:
            return EventType::delayed;
        case mail::DsnAction::delivered:
        case mail::DsnAction::relayed:
            return EventType::delivered;
    }
    std::unreachable();
}

mail::DsnAction action_of(const store::ResultFacts& result) {
    if (result.what == EventType::delayed) return mail::DsnAction::delayed;
    if (result.what != EventType::delivered) return mail::DsnAction::failed;
    // As where reports are made: what a hop of our own took, it has for good.
    return result.outcome.remote_ip.empty() ? mail::DsnAction::delivered : mail::DsnAction::relayed;
}

// The account's address, which it reads, whatever the senders of the messages were.
Result<mail::DigestInput> describe(store::Store& store, const ReportOptions& options,
                                   const store::Digest& digest, mail::Mailbox to) {
    PH_TRY(const auto account, store.engine().account(digest.row.account));
    mail::DigestInput input;
    input.hostname = options.hostname;
    input.admin = options.admin;
    input.to = std::move(to);
    input.more = digest.row.more;
    input.now = now();
    input.since = digest.lines.empty() ? input.now : digest.lines.front().at;
    input.id = QueueId::make();
    input.language = choose_language(account ? account->language : std::string(), {},
                                     options.desk->options().language);
    for (const store::DigestLine& line : digest.lines) {
        auto item = read_digest_line(line);
        if (!item) {
            ++input.more;
            continue;
        }
        item->recipient.rule = words_of_rule(options.rule_words, item->recipient.outcome);
        input.items.push_back(std::move(*item));
    }
    return input;
}

}  // namespace

store::DigestLine make_digest_line(const QueueId& message, store::ResultFacts result,
                                   std::string_view subject, Timestamp at) {
    store::DigestLine line;
    line.message = message;
    line.at = at;
    line.subject = subject;
    line.facts = store::encode(store::OutcomeFacts{.results = {std::move(result)}});
    return line;
}

store::DigestLine make_digest_line(const store::MessageRow& message,
                                   const store::RecipientRow& recipient, mail::DsnAction action,
                                   std::string_view subject, Timestamp at) {
    store::ResultFacts result;
    result.index = recipient.index;
    result.address = recipient.address.to_string();
    result.what = event_of(action);
    result.attempt = recipient.attempts;
    result.outcome = recipient.last;
    return make_digest_line(message.id, std::move(result), subject, at);
}

std::optional<mail::DigestItem> read_digest_line(const store::DigestLine& line) {
    auto facts = store::decode_outcome(line.facts);
    if (!facts || facts->results.size() != 1) return std::nullopt;
    store::ResultFacts& result = facts->results.front();
    auto address = mail::Mailbox::parse(result.address);
    if (!address) return std::nullopt;
    mail::DigestItem item;
    item.action = action_of(result);
    item.recipient.recipient.address = std::move(*address);
    item.recipient.outcome = std::move(result.outcome);
    item.recipient.attempts = static_cast<int>(result.attempt);
    item.subject = line.subject;
    item.message = line.message;
    return item;
}

Result<Reports> make_digest_report(store::Store& store, const ReportOptions& options,
                                   const std::string& account) {
    Reports reports;
    PH_TRY(const auto digest, store.engine().digest(account));
    if (!digest) return reports;
    const store::QueueTime at = store.clock().now_queue();
    store::TakeDigest take{account, 0, digest->row.more, at + options.desk->options().digest_every};
    if (!digest->lines.empty()) take.up_to = digest->lines.back().number;
    auto to = mail::Mailbox::parse(account);
    if (!to) {  // lines wait for addresses only: a damaged row ends here
        reports.changes.push_back(std::move(take));
        return reports;
    }
    PH_TRY(const mail::DigestInput input, describe(store, options, *digest, std::move(*to)));
    ReportMail report;
    report.id = input.id;
    report.to = input.to;
    report.message = mail::make_digest(input);
    report.now = at;
    report.wall = input.now;
    report.what = fmt::format("digest of {} reports", input.items.size() + input.more);
    PH_CHECK(add_report_mail(store, options, std::move(report), reports));
    reports.changes.push_back(std::move(take));
    return reports;
}

}  // namespace posthaste::queue
