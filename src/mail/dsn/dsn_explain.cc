// What is said to a person about one recipient; the sentences are in dsn_texts_*.cc.
#include "base/assert.h"
#include "mail/dsn/dsn_words.h"
#include "mail/text.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

std::string show_domain(const Mailbox& address) {
    return readable(address.domain().unicode(), 255);
}

std::string tried(const DsnInput& input, const DsnRecipient& recipient) {
    if (recipient.attempts < 2 || input.tried_for < Seconds(60)) return {};
    return fill(phrase(input.language, Phrase::tried),
                {{"attempts", std::to_string(recipient.attempts)},
                 {"duration", tell_duration(input.language, input.tried_for)}});
}

Phrase phrase_of(WhoActs actor) {
    switch (actor) {
        case WhoActs::you:
            return Phrase::actor_you;
        case WhoActs::recipient:
            return Phrase::actor_recipient;
        case WhoActs::their_admin:
            return Phrase::actor_their_admin;
        case WhoActs::our_admin:
            return Phrase::actor_our_admin;
        case WhoActs::nobody:
            return Phrase::actor_nobody;
    }
    std::unreachable();
}

}  // namespace

std::string show(const Mailbox& address) {
    return readable(address.to_display(), 400);
}

std::string fill(std::string_view pattern, std::initializer_list<Name> names) {
    std::string out;
    while (true) {
        const std::size_t open = pattern.find('{');
        out += pattern.substr(0, open);
        if (open == std::string_view::npos) return out;
        const std::size_t close = pattern.find('}', open);
        const std::string_view name = pattern.substr(open + 1, close - open - 1);
        pattern.remove_prefix(close + 1);
        const auto* found = std::ranges::find(names, name, &Name::mark);
        PH_ASSERT(found != names.end());
        out += found->value;
    }
}

Explanation explain(const DsnInput& input, const DsnRecipient& recipient) {
    const Language language = input.language;
    const Mailbox& address = recipient.recipient.address;
    Explanation out;
    if (input.action == DsnAction::delivered) return out;
    if (input.action == DsnAction::relayed) {
        out.why = phrase(language, Phrase::relayed_why);
        return out;
    }
    const Outcome& outcome = recipient.outcome;
    const Cause cause = outcome.cause == Cause::none ? Cause::unknown : outcome.cause;
    // Nobody said anything that a rule could read.
    const bool silent = cause == Cause::unknown && outcome.code == 0;
    const CauseText& text = cause_text(language, cause);
    const auto say = [&](std::string_view pattern) {
        return fill(pattern, {{"domain", show_domain(address)},
                              {"address", show(address)},
                              {"sender", show(input.sender)},
                              {"sender_domain", show_domain(input.sender)},
                              {"admin", readable(input.admin, 255)}});
    };
    out.why =
        say(silent ? phrase(language, Phrase::no_reply_why) : text.why) + tried(input, recipient);
    if (outcome.ambiguous) out.why += phrase(language, Phrase::ambiguous);
    WhoActs actor = silent ? WhoActs::our_admin : actor_of(cause);
    if (input.action == DsnAction::failed) {
        out.mend = say(silent ? phrase(language, Phrase::no_reply_mend) : text.mend);
    } else {
        // Still on its way: sending it again would only make two of it.
        out.mend = phrase(language, Phrase::delay_mend);
        if (actor == WhoActs::you) actor = WhoActs::nobody;
    }
    out.actor = say(phrase(language, phrase_of(actor)));
    return out;
}

}  // namespace posthaste::mail
