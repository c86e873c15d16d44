// What a delivery report says for programs: the body of message/delivery-status (RFC 3464 §2) and
// message/global-delivery-status (RFC 6533 §4). Read as programs write it, not as the RFC has it:
// missing fields, odd types, actions in any case. Pure, linear, bounded.
#pragma once

#include "mail/status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::mail::report {

enum class Action : std::uint8_t { failed, delayed, delivered, relayed, expanded, unknown };

std::string_view to_string(Action action);

// All text printable, on one line and clipped.
struct ReportedRecipient {
    std::string final_address;     // without type; empty: it is not told
    std::string original_address;  // as the sender knows it; likewise
    Action action = Action::unknown;
    std::optional<EnhancedStatus> status;
    std::string remote;      // Remote-MTA
    int code = 0;            // of the reply in the diagnosis; 0: there is none
    std::string diagnostic;  // without its type; at most 1 KiB
};

struct DeliveryReport {
    static constexpr std::size_t kMostRecipients = 1000;

    std::string reporter;     // Reporting-MTA: a host name
    std::string envelope_id;  // Original-Envelope-Id
    std::vector<ReportedRecipient> recipients;
};

// Nothing when no recipient is told of.
std::optional<DeliveryReport> read_delivery_report(std::string_view body);

// "rfc822;ana@example.com" and the like without type, brackets and xtext; "<ana@example.com>" and
// a bare address too. Empty if it can be no address.
std::string read_typed_address(std::string_view value);

// A reply as a diagnosis has it, "smtp; 550 5.1.1 no such user (in reply to RCPT TO)": its code.
int code_in(std::string_view diagnostic);
// The first enhanced status in it.
std::optional<EnhancedStatus> status_in(std::string_view text);

}  // namespace posthaste::mail::report
