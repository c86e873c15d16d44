// What is known of each cause by itself (delivery.md 6.4): whether it passes, who has to act, and a
// plain sentence for whoever looks after the mail; and the one judgement of an outcome that
// reports, the story of a message and pacing share. The sentences of a report to a sender are
// dsn_texts.h's, chosen by that judgement. Pure.
#pragma once

#include "mail/outcome.h"

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::mail {

enum class Actor { sender, recipient, our_administrator, remote_administrator, nobody };

std::string_view to_string(Actor actor);  // "our_administrator": for JSON
std::string_view describe(Actor actor);   // "your own administrator": in a sentence

struct CauseFacts {
    Cause cause{};
    bool passes = false;          // waiting may be enough
    bool our_repute = false;      // about our server or domain, not about this message
    Actor actor = Actor::sender;  // while it is tried
    Actor in_the_end{};           // once it is not: waiting, then, was not enough
    EnhancedStatus status{};      // without its class, where a reply brings none
    std::string_view words;       // what happened
    std::string_view advice;      // what to do
};

const CauseFacts& facts_of(Cause cause);

// What the rule that read a reply says beside its cause.
struct RuleWords {
    Cause cause = Cause::unknown;
    std::optional<Actor> actor{};
    std::string note{};        // what happened; empty: as of the cause
    std::string mend{};        // what to do, likewise
    bool of_operator = false;  // its words stand in reports too: those who wrote them know in which
                               // language their people read
};

// What an outcome is taken for, wherever somebody is told of it.
struct Judgement {
    Cause cause = Cause::unknown;  // never none, but of what went well
    bool silent = false;           // no host said anything, and we know no reason of our own
    bool permanent = false;        // it is not tried again
    bool passes = false;           // waiting may be enough
    Actor actor = Actor::sender;
    EnhancedStatus status{};  // with its class
    std::string words;        // what happened, for whoever looks after the mail
    std::string advice;       // what to do
};

// `rule`: that of `outcome.rule`, or null. One whose cause is another (the rules have changed
// since) is not heeded: what was decided stays.
Judgement judge(const Outcome& outcome, const RuleWords* rule = nullptr);

std::optional<Cause> cause_by_name(std::string_view name);
std::optional<Actor> actor_by_name(std::string_view name);

}  // namespace posthaste::mail
