// Magic addresses: local parts, at any domain, for which the trap answers like a server in trouble,
// so that retries, bounces and slow peers can be seen. Case does not matter.
//
//   400@ to 599@   that code, every time: 4xx is tried again until it expires, 5xx is reported to
//                  the sender. Well-known codes bring their enhanced status: 421 4.3.2,
//                  450 4.2.0, 451 4.3.0, 452 4.2.2, 454 4.7.0, 550 5.1.1, 551 5.1.6, 552 5.2.2,
//                  553 5.1.3, 554 5.7.1; others x.0.0
//   greylist@      451 4.7.1 at the first attempt, kept at the second
//   quota@         452 4.2.2, the mailbox is full (552@ is the same for good)
//   slow@          kept, after 10 s
//   timeout@       10 s, then no answer at all
//
// Everything else is kept. Recipients of one message are judged one by one.
#pragma once

#include "base/time.h"
#include "mail/outcome.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace posthaste::trap {

constexpr Seconds kSlowAnswer{10};

struct Magic {
    std::optional<mail::Outcome> refusal;  // nothing: kept
    bool slow = false;                     // answered after kSlowAnswer
};

// `attempts`: how often it was tried before.
Magic magic_of(std::string_view local_part, std::uint32_t attempts);

}  // namespace posthaste::trap
