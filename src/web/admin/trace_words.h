// What became of a recipient, in the words of a person who helps others.
#pragma once

#include "mail/outcome.h"

#include <string>

namespace posthaste::delivery {
class VerdictRules;
}

namespace posthaste::web {

struct OutcomeWords {
    std::string why;     // what the answer means; empty: it speaks for itself
    std::string advice;  // who must act, and how; empty: nobody
};

// `rules`: those in force, so that a rule of the operator's own is told in its words; null: those
// the program brings along.
OutcomeWords words_for(const mail::Outcome& outcome, const delivery::VerdictRules* rules = nullptr);

}  // namespace posthaste::web
