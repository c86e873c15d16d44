// The Received field and the hop count (RFC 5321 §4.4, §6.3).
#pragma once

#include "base/id.h"
#include "base/time.h"
#include "mail/header.h"

#include <string>

namespace posthaste::mail {

struct TraceInfo {
    std::string by;        // our hostname
    std::string protocol;  // ESMTPSA, ESMTPA, UTF8SMTPSA … (RFC 3848, RFC 6531 §4.3)
    std::string tls;       // "TLSv1.3", goes into a comment; may be empty
    QueueId id;
    Timestamp at;
    std::int8_t priority = 0;  // of the message, told where it has one (RFC 6710 §7.3)
};

// "Received: from [authenticated] by …" with no client address, no name and no recipient
// (delivery.md F-14); folded, with the final CR LF.
std::string make_received(const TraceInfo& info);

constexpr std::size_t kMaxHops = 50;  // delivery.md 1.6

std::size_t count_hops(const HeaderBlock& header);

}  // namespace posthaste::mail
