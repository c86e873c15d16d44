#include "app/services/suppression_desk.h"

#include "base/ascii.h"

#include <fmt/format.h>

namespace posthaste::app {

namespace {

// Since when and why, and what undoes it; the bounce's own sentences come from the cause.
mail::Outcome refusal_of(const store::SuppressionRow& row) {
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::failed;
    outcome.cause = mail::Cause::suppressed;
    outcome.status = {5, 1, 1};
    outcome.reply =
        fmt::format("{} is on the suppression list of {} ({}, since {}", row.address, row.account,
                    accounts::reason_of(row), format_iso8601(row.first).substr(0, 10));
    if (!row.reply.empty()) outcome.reply += fmt::format(": {}", row.reply);
    outcome.reply += fmt::format(
        "), so nothing was sent; to take it off: posthaste suppression "
        "remove {} {}",
        row.account, row.address);
    return outcome;
}

bool is_unsubscribe(const std::string& feedback) {
    return ascii::equals_ignore_case(feedback, "opt-out") ||
           ascii::equals_ignore_case(feedback, "opt-out-list");
}

}  // namespace

bool SuppressionDesk::may_be_listed(const std::string& account,
                                    const mail::Mailbox& recipient) const {
    return lists_.may_be_listed(account, recipient);
}

std::optional<mail::Outcome> SuppressionDesk::refusal(const std::string& account,
                                                      const mail::Mailbox& recipient) {
    const auto row = lists_.find(account, recipient);
    if (!row || !*row) return std::nullopt;
    return refusal_of(**row);
}

void SuppressionDesk::ended(const queue::EndedRecipient& end) {
    if (end.profile == store::Profile::human) return;
    if (end.what == EventType::delivered) return lists_.delivered(end.account, end.recipient);
    accounts::AddressFailure failure;
    failure.cause = end.outcome.cause;
    failure.reply = end.outcome.reply;
    failure.message = end.id;
    failure.at = end.at;
    failure.tried_to_the_end = end.what == EventType::expired;
    lists_.failed(end.account, end.recipient, std::move(failure));
}

Result<void> SuppressionDesk::heard(const queue::Afterthought& thought) {
    using Kind = accounts::AddressFailure::Kind;
    if (thought.profile == store::Profile::human || thought.account.empty()) return {};
    if (ascii::equals_ignore_case(thought.feedback, "not-spam")) return {};
    const auto recipient = mail::Mailbox::parse(thought.address);
    if (!recipient) return {};
    accounts::AddressFailure failure;
    failure.cause = thought.outcome.cause;
    failure.reply = thought.outcome.reply;
    failure.message = thought.id;
    failure.at = thought.at;
    if (thought.kind == queue::Afterthought::Kind::complained) {
        failure.kind = is_unsubscribe(thought.feedback) ? Kind::unsubscribe : Kind::complaint;
        failure.cause = mail::Cause::unsubscribe;
        failure.reply = "a feedback report came: " + thought.feedback;
    }
    return lists_.failed_now(thought.account, *recipient, std::move(failure));
}

}  // namespace posthaste::app
