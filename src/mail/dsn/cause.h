// What is known of each cause by itself (delivery.md 6.4): whether it passes, who has to act, and a
// plain sentence for whoever looks after the mail. The sentences of a report to a sender are
// dsn_words.h's.
#pragma once

#include "mail/outcome.h"

#include <optional>
#include <string_view>

namespace posthaste::mail {

enum class Actor { sender, recipient, our_administrator, remote_administrator, nobody };

std::string_view to_string(Actor actor);  // "our_administrator": for JSON
std::string_view describe(Actor actor);   // "your own administrator": in a sentence

struct CauseFacts {
    Cause cause{};
    bool passes = false;      // waiting may be enough
    bool our_repute = false;  // about our server or domain, not about this message
    Actor actor = Actor::sender;
    EnhancedStatus status{};  // without its class, where a reply brings none
    std::string_view words;   // what happened
    std::string_view advice;  // what to do
};

const CauseFacts& facts_of(Cause cause);

std::optional<Cause> cause_by_name(std::string_view name);
std::optional<Actor> actor_by_name(std::string_view name);

}  // namespace posthaste::mail
