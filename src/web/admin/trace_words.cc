#include "web/admin/trace_words.h"

#include "mail/dsn/dsn.h"
#include "mail/dsn/dsn_words.h"

#include <fmt/format.h>

namespace posthaste::web {

OutcomeWords words_for(const mail::Outcome& outcome, const std::string& address) {
    if (outcome.verdict == mail::Verdict::delivered || outcome.cause == mail::Cause::none ||
        outcome.cause == mail::Cause::admin)
        return {};
    mail::DsnInput input;
    input.action = outcome.verdict == mail::Verdict::deferred ? mail::DsnAction::delayed
                                                              : mail::DsnAction::failed;
    mail::DsnRecipient recipient;
    if (auto mailbox = mail::Mailbox::parse(address)) recipient.recipient.address = *mailbox;
    recipient.outcome = outcome;
    mail::Explanation explained = mail::explain(input, recipient);
    // Written for the sender of the message; here somebody else reads it.
    if (explained.actor == "you") explained.actor = "the sender";
    if (const auto at = explained.actor.find(" ()"); at != std::string::npos)
        explained.actor.erase(at, 3);
    OutcomeWords words;
    words.why = explained.why;
    if (explained.actor.empty()) return words;
    words.advice = fmt::format("who must act: {}", explained.actor);
    const bool over = outcome.verdict == mail::Verdict::failed;
    if (over && !explained.mend.empty()) words.advice += ". " + explained.mend;
    return words;
}

}  // namespace posthaste::web
