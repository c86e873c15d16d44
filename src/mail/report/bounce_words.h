// Bounces that are no delivery report (RFC 3464): what mail servers old and odd have written for
// people alone, read by how each of them writes (delivery.md 6.6). How sure that is comes with it.
// And what looks like one and is none: automatic replies. Pure, linear, bounded.
#pragma once

#include "mail/report/delivery_report.h"
#include "mail/report/parts.h"

#include <optional>
#include <string>

namespace posthaste::mail::report {

// Somebody is away, or a program answers (RFC 3834): never a bounce.
bool is_automatic_reply(const Fields& header);

struct GuessedBounce {
    DeliveryReport report;    // recipients as far as they were found
    unsigned confidence = 0;  // percent
    std::string basis;        // "qmail", "X-Failed-Recipients" …
};

// Nothing where it reads like no bounce at all.
std::optional<GuessedBounce> guess_bounce(const Entity& message);

}  // namespace posthaste::mail::report
