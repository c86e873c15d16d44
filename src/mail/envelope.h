// Envelope: what travels beside the content (RFC 5321 §2.3.1) with the wishes of RFC 3461.
#pragma once

#include "base/time.h"
#include "mail/mailbox.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::mail {

// NOTIFY= as bits; `unset` means the parameter was absent (failure, and delay for people).
enum class Notify : std::uint8_t { unset = 0, never = 1, success = 2, failure = 4, delay = 8 };

constexpr Notify operator|(Notify a, Notify b) {
    return static_cast<Notify>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}

constexpr bool has(Notify set, Notify bit) {
    return (static_cast<std::uint8_t>(set) & static_cast<std::uint8_t>(bit)) != 0;
}

enum class Ret : std::uint8_t { unset = 0, full = 1, headers = 2 };
enum class BodyType : std::uint8_t { seven_bit = 0, eight_bit = 1 };

// What becomes of it when it is not delivered in time (RFC 2852): its sender is told and it goes on
// (BY=…;N), or it comes back (BY=…;R).
enum class ByMode : std::uint8_t { none = 0, notify = 1, give_back = 2 };

struct DeliverBy {
    Seconds
        within{};  // from when it was handed over; zero or less: over already, of `notify` alone
    ByMode mode = ByMode::none;
    bool trace = false;  // the sender hears of each hop that it is handed to
};

struct Recipient {
    Mailbox address;
    Notify notify = Notify::unset;
    std::string orcpt;  // as given, still xtext ("rfc822;Bob+40example.org"), or empty
};

struct Envelope {
    ReversePath sender;
    std::vector<Recipient> recipients;
    BodyType body =
        BodyType::seven_bit;  // as declared, raised to eight_bit when the content needs it
    bool smtputf8 = false;    // asked for with SMTPUTF8
    Ret ret = Ret::unset;
    std::string envid;  // still xtext, or empty
    DeliverBy by{};
    std::int8_t priority = 0;            // MT-PRIORITY (RFC 6710), -9 to 9
    std::optional<Timestamp> release{};  // not to be sent before (RFC 4865)
};

}  // namespace posthaste::mail
