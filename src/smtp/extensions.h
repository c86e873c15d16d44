// The EHLO keyword set in both directions (RFC 5321 §4.1.1.1).
#pragma once

#include "base/time.h"
#include "smtp/reply.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace posthaste::smtp {

// What we offer. STARTTLS before TLS only, AUTH after it only (DESIGN.md).
struct Offer {
    std::string hostname;
    std::uint64_t max_size = 0;
    bool starttls = false;
    bool auth = false;
    std::size_t max_recipients = 0;  // LIMITS RCPTMAX (RFC 9422), after TLS
    bool requiretls = false;         // within TLS alone (RFC 8689 §2)
    // How long a message may be kept back, and what the time is (RFC 4865 §3). Nothing: not
    // offered.
    std::optional<Seconds> max_hold{};
    Timestamp now{};
    bool schedules = false;    // DELIVERBY and MT-PRIORITY (RFC 2852, 6710), after TLS
    bool auth_equals = false;  // "AUTH=PLAIN LOGIN" too, for Outlook to 2003
};

Reply make_ehlo_reply(const Offer& offer);

// What the next hop offers, from its current EHLO reply.
struct Extensions {
    bool starttls = false;
    bool pipelining = false;
    bool eight_bit_mime = false;
    bool smtputf8 = false;  // implies eight_bit_mime (delivery.md 1.5 e)
    bool dsn = false;
    bool enhanced_status = false;
    bool chunking = false;
    bool requiretls = false;   // RFC 8689 §2
    bool deliver_by = false;   // RFC 2852
    Seconds least_by{};        // ... and the shortest time that it keeps to
    bool mt_priority = false;  // RFC 6710
    bool size = false;
    std::uint64_t max_size = 0;                   // 0: no fixed limit
    std::set<std::string> auth;                   // upper case mechanism names
    std::optional<std::uint32_t> max_mails;       // LIMITS MAILMAX
    std::optional<std::uint32_t> max_recipients;  // LIMITS RCPTMAX
    std::string greeting_name;                    // first word of the reply: loop detection
};

Extensions parse_ehlo_reply(const Reply& reply);

}  // namespace posthaste::smtp
