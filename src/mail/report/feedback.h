// A feedback report (ARF, RFC 5965; failures of authentication: RFC 6591): what a recipient's
// provider says of a message that its user called spam. Pure, linear, bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::mail::report {

// All text printable, on one line and clipped. What the provider has taken out of it (RFC 6590) is
// as good as not there.
struct Feedback {
    std::string type;  // in small letters: "abuse", "fraud", "virus", "not-spam", "opt-out" …
    std::string user_agent;
    std::string original_sender;                   // Original-Mail-From, without brackets
    std::vector<std::string> original_recipients;  // Original-Rcpt-To, those that are addresses
    std::vector<std::string> domains;              // Reported-Domain
    std::string source_ip;
    std::string auth_failure;  // "dmarc", "dkim": of an auth-failure report

    // Somebody does not want the mail. Not so: "not-spam", and a report about authentication,
    // which is for the administrator.
    bool is_complaint() const;
};

// Nothing without a Feedback-Type.
std::optional<Feedback> read_feedback(std::string_view body);

}  // namespace posthaste::mail::report
