// What became of a recipient, in the words of a person who helps others.
#pragma once

#include "mail/outcome.h"

#include <string>

namespace posthaste::web {

struct OutcomeWords {
    std::string why;     // what the answer means; empty: it speaks for itself
    std::string advice;  // who must act, and how; empty: nobody
};

OutcomeWords words_for(const mail::Outcome& outcome, const std::string& address);

}  // namespace posthaste::web
