#include "mail/report/feedback.h"

#include "base/ascii.h"
#include "mail/report/delivery_report.h"
#include "mail/report/fields.h"
#include "mail/text.h"

#include <algorithm>

namespace posthaste::mail::report {

namespace {

constexpr std::size_t kMostOfAKind = 20;
constexpr std::size_t kLongest = 255;

// A word of letters and '-' (RFC 5965 §3.5); whatever else is written there is "other".
std::string read_type(std::string_view value) {
    std::string type = ascii::to_lower(value.substr(0, value.find_first_of(" \t(;")));
    const bool is_word =
        !type.empty() && type.size() <= 40 && std::ranges::all_of(type, [](char c) {
            return ascii::is_alnum(c) || c == '-' || c == '_';
        });
    return is_word ? type : std::string("other");
}

}  // namespace

bool Feedback::is_complaint() const {
    return type != "not-spam" && type != "auth-failure" && type != "dmarc";
}

std::optional<Feedback> read_feedback(std::string_view body) {
    while (body.starts_with("\r\n") || body.starts_with('\n')) static_cast<void>(take_line(body));
    const Fields fields = Fields::take(body);
    if (!fields.has("Feedback-Type")) return std::nullopt;
    Feedback feedback;
    feedback.type = read_type(fields.value("Feedback-Type"));
    feedback.user_agent = readable_ascii(fields.value("User-Agent"), kLongest);
    feedback.original_sender = read_typed_address(fields.value("Original-Mail-From"));
    for (const auto value : fields.all("Original-Rcpt-To")) {
        if (feedback.original_recipients.size() >= kMostOfAKind) break;
        auto address = read_typed_address(value);
        if (!address.empty()) feedback.original_recipients.push_back(std::move(address));
    }
    for (const auto value : fields.all("Reported-Domain")) {
        if (feedback.domains.size() >= kMostOfAKind) break;
        feedback.domains.push_back(readable_ascii(value, kLongest));
    }
    feedback.source_ip = readable_ascii(fields.value("Source-IP"), 64);
    feedback.auth_failure = readable_ascii(fields.value("Auth-Failure"), 40);
    return feedback;
}

}  // namespace posthaste::mail::report
