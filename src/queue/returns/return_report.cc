#include "queue/returns/return_report.h"

#include "queue/report/account_wish.h"
#include "queue/report/digest_report.h"
#include "queue/report/report_language.h"
#include "queue/report/report_mail.h"
#include "queue/returns/return_facts.h"
#include "queue/story.h"

#include <utility>

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

using store::ReturnFacts;

struct Telling {
    store::Store& store;
    const ReportOptions& options;
    const ReturnedMessage& message;
    std::span<const ReturnFacts* const> facts;
    AccountWish wish;

    bool delivered() const { return facts.front()->what == EventType::delivered; }
};

std::string sentence(const Telling& telling) {
    if (telling.delivered()) return "its arrival was confirmed";
    const std::size_t count = telling.facts.size();
    return fmt::format("it came back from {}", count == 1 ? std::string("one recipient")
                                                          : fmt::format("{} recipients", count));
}

Result<std::string> add_report(const Telling& telling, mail::Mailbox sender, Reports& reports) {
    const ReturnedMessage& message = telling.message;
    const auto usual =
        telling.options.desk ? telling.options.desk->options().language : mail::Language::english;
    const ReturnReport about{.hostname = telling.options.hostname,
                             .admin = telling.options.admin,
                             .language = choose_language(telling.wish.language, {}, usual),
                             .about = message.id,
                             .accepted = message.accepted,
                             .now = now(),
                             .id = QueueId::make(),
                             .rule_words = telling.options.rule_words};
    ReportMail mail;
    mail.id = about.id;
    mail.to = std::move(sender);
    mail.message = make_return_report(about, message.facts, telling.facts);
    mail.now = telling.store.clock().now_queue();
    mail.wall = about.now;
    mail.about = message.id.to_string();
    mail.what = "report about " + mail.about;
    PH_CHECK(add_report_mail(telling.store, telling.options, std::move(mail), reports));
    std::string id = about.id.to_string();
    reports.changes.push_back(
        tell_note(message.id, store::RecordType::told, sentence(telling), id));
    return id;
}

void add_to_digest(const Telling& telling, Reports& reports) {
    const ReturnedMessage& message = telling.message;
    store::AddDigestLines add;
    add.account = message.facts.account;
    add.due = telling.options.desk->wait(add.account, telling.store.clock().now_queue());
    for (const ReturnFacts* one : telling.facts) {
        store::ResultFacts result;
        result.index = one->index;
        result.address = one->address;
        result.what = telling.delivered() ? EventType::delivered : EventType::failed;
        result.outcome = one->outcome;
        add.lines.push_back(
            make_digest_line(message.id, std::move(result), message.facts.subject, now()));
    }
    reports.changes.push_back(std::move(add));
    reports.changes.push_back(
        tell_note(message.id, store::RecordType::told,
                  sentence(telling) + ", which the account's next digest says"));
}

}  // namespace

Result<std::string> tell_sender(store::Store& store, const ReportOptions& options,
                                const ReturnedMessage& message,
                                std::span<const ReturnFacts* const> facts, Reports& reports) {
    auto sender = mail::Mailbox::parse(message.facts.sender);
    if (!sender) return std::string();  // the null sender is told nothing (RFC 5321 §4.5.5)
    const Telling telling{store, options, message, facts,
                          wish_of(store.engine(), message.facts.account, message.facts.profile)};
    // Who asked to hear of success gets that report, whatever the usual way is (RFC 3461 §4.1). Who
    // asked for one of a failure looks like everybody else here: the history does not keep it.
    const auto wish = telling.delivered() ? store::ReportWish::each : telling.wish.reports;
    if (wish == store::ReportWish::none) return std::string();
    if (!options.desk || !telling.wish.has_address)
        return add_report(telling, std::move(*sender), reports);
    if (wish == store::ReportWish::digest) {
        add_to_digest(telling, reports);
        return std::string();
    }
    auto count = options.desk->take(message.facts.account, store.clock().now_queue());
    if (!count) {
        add_to_digest(telling, reports);
        return std::string();
    }
    reports.changes.push_back(store::CountReport{std::move(*count)});
    return add_report(telling, std::move(*sender), reports);
}

}  // namespace posthaste::queue
