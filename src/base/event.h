// The one event schema for log, live listeners, and later history, metrics and webhooks. An event
// says what became of a message or of one recipient.
#pragma once

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace posthaste {

enum class EventType {
    accepted,   // 250 was said for a message
    rejected,   // a client was refused
    delivered,  // a recipient ended well
    deferred,   // a recipient will be tried again
    failed,     // a recipient ended: refused for good
    expired,    // a recipient ended: tried until its time was up
    held,       // a message was put on hold by a person, or restored
    released,   // ... and freed
    cancelled,  // a recipient ended by a person's will
    delayed,  // its site is down and it waits untried; or the sender was told that it takes longer
    bounced,  // delivered to a server, and returned by mail afterwards
    complained,  // ... or its recipient called it spam, so a feedback report says
    suppressed,  // a recipient ended untried: it is on the account's suppression list
};

std::string_view to_string(EventType type);

// Where the time of an attempt went; with `Event::delay`, the whole story of how long it took.
struct AttemptDelays {
    Milliseconds waiting{};   // since acceptance until it was due
    Milliseconds queued{};    // for a place: its site's window, a limit, its turn
    Milliseconds set_up{};    // connection, banner, EHLO, TLS, login
    Milliseconds transfer{};  // the transaction
};

struct Event {
    EventType type{};
    Timestamp time{};
    QueueId id{};             // zero when there is no message yet (rejected)
    std::string account{};    // login, empty when not logged in
    std::string sender{};     // "" for the null sender
    std::string recipient{};  // one recipient, or empty when the event is about the whole message
    std::uint64_t size = 0;   // octets, accepted only
    std::string remote{};     // host[ip]:port of the next hop, or the client's address for rejected
    std::optional<AttemptDelays> delays{};  // where a server was asked
    std::string route{};                    // the name of the one that led there
    std::string tls{};                      // "TLSv1.3", empty in clear
    std::string tls_policy{};  // what the next hop had to show: "dane", "sts", "verify", "encrypt"…
    std::string cause{};       // "block_ip": what the answer was taken for; empty when it went well
    std::string rule{};        // the one that read the answer, as `posthaste explain` names it
    std::string means{};       // the words of that rule, where it is an operator's
    int code = 0;              // SMTP reply code, 0 when none
    std::string status{};      // "5.1.1"
    std::string text{};        // reply text or cause, made printable
    int attempt = 0;           // attempts so far
    Seconds delay{};           // since acceptance
    std::optional<Seconds> next{};  // deferred: until the next attempt
    int confidence = 0;  // bounced, complained: percent; how surely what came is what it is read as
};

// Writes the event as one log line, empty fields left out.
void log_event(Log& log, const Event& event);

}  // namespace posthaste
