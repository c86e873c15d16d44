// What a reply means in people's words, by what servers really write (delivery.md 6.4;
// clients.md 4.4). Text first, since enhanced codes are not portable, then the enhanced code, then
// the code. Plain substrings, one pass each.
#pragma once

#include "base/time.h"
#include "mail/outcome.h"
#include "smtp/reply.h"

#include <optional>
#include <string_view>

namespace posthaste::delivery {

struct Classified {
    mail::Cause cause = mail::Cause::unknown;
    std::optional<Seconds> retry_after;  // the reply says how long to wait
    bool slow_down = false;              // it asks for less
    // Smarthosts only: nobody's mail passes until somebody mends it.
    std::optional<Seconds> suspend;
    std::string_view mend;  // then: what to do
};

Classified classify(const smtp::Reply& reply, bool smarthost);

// "in 300 seconds", "after 5 minutes", "come back in 00:04:37". Between a second and a day.
std::optional<Seconds> find_wait(std::string_view lower_case_text);

}  // namespace posthaste::delivery
