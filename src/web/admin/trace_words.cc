#include "web/admin/trace_words.h"

#include "delivery/rules/verdict.h"

#include <fmt/format.h>

namespace posthaste::web {

// By the rules that pacing goes by, and whose cause a bounce tells in its sender's language
// (delivery.md 6.4).
OutcomeWords words_for(const mail::Outcome& outcome, const delivery::VerdictRules* rules) {
    if (outcome.verdict == mail::Verdict::delivered || outcome.cause == mail::Cause::none ||
        outcome.cause == mail::Cause::admin)
        return {};
    const auto explained =
        delivery::explain(outcome, rules != nullptr ? *rules : delivery::VerdictRules::builtin());
    OutcomeWords words;
    words.why = explained.words;
    words.advice = fmt::format("who must act: {}", mail::describe(explained.actor));
    const bool over = outcome.verdict == mail::Verdict::failed;
    const bool ours = explained.actor == mail::Actor::our_administrator;
    if ((over || ours) && !explained.advice.empty()) words.advice += ". " + explained.advice;
    return words;
}

}  // namespace posthaste::web
