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

constexpr std::size_t kMaxOperatorWords = 500;

Phrase phrase_of(Actor actor) {
    switch (actor) {
        case Actor::sender:
            return Phrase::actor_you;
        case Actor::recipient:
            return Phrase::actor_recipient;
        case Actor::remote_administrator:
            return Phrase::actor_their_admin;
        case Actor::our_administrator:
            return Phrase::actor_our_admin;
        case Actor::nobody:
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
    const bool final = input.action == DsnAction::failed;
    Outcome outcome = recipient.outcome;
    // The report says whether it is final, whatever the attempt itself came to.
    outcome.verdict = final ? Verdict::failed : Verdict::deferred;
    const RuleWords* rule = recipient.rule ? &*recipient.rule : nullptr;
    const Judgement judged = judge(outcome, rule);
    const CauseText& text = cause_text(language, judged.cause);
    const auto say = [&](std::string_view pattern) {
        return fill(pattern, {{"domain", show_domain(address)},
                              {"address", show(address)},
                              {"sender", show(input.sender)},
                              {"sender_domain", show_domain(input.sender)},
                              {"admin", readable(input.admin, 255)}});
    };
    // Names in braces are ours to fill, not an operator's.
    const bool own = rule != nullptr && rule->of_operator && rule->cause == outcome.cause;
    const auto words = [&](const std::string& of_rule, Phrase unheard, std::string_view usual) {
        if (own && !of_rule.empty()) return readable(of_rule, kMaxOperatorWords);
        return say(judged.silent ? phrase(language, unheard) : usual);
    };
    out.why = words(own ? rule->note : std::string(), Phrase::no_reply_why, text.why) +
              tried(input, recipient);
    if (outcome.ambiguous) out.why += phrase(language, Phrase::ambiguous);
    Actor actor = judged.actor;
    if (final) {
        out.mend = words(own ? rule->mend : std::string(), Phrase::no_reply_mend, text.mend);
    } else {
        // Still on its way: sending it again would only make two of it.
        out.mend = phrase(language, Phrase::delay_mend);
        if (actor == Actor::sender) actor = Actor::nobody;
    }
    out.actor = say(phrase(language, phrase_of(actor)));
    return out;
}

}  // namespace posthaste::mail
