#include "mail/report/delivery_report.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/report/fields.h"
#include "mail/text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace posthaste::mail::report {

namespace {

constexpr std::size_t kLongestAddress = 320;
constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestDiagnostic = 1024;

constexpr std::array<std::pair<std::string_view, Action>, 5> kActions{{
    {"failed", Action::failed},
    {"delayed", Action::delayed},
    {"delivered", Action::delivered},
    {"relayed", Action::relayed},
    {"expanded", Action::expanded},
}};

// "failed (unknown user)" too: comments are allowed everywhere (RFC 3464 §2.1.1), and some write
// "failure".
Action read_action(std::string_view value) {
    std::size_t end = 0;
    while (end < value.size() && ascii::is_alpha(value[end])) ++end;
    const auto word = value.substr(0, end);
    for (const auto& [name, action] : kActions)
        if (ascii::equals_ignore_case(word, name)) return action;
    if (ascii::starts_with_ignore_case(word, "fail")) return Action::failed;
    if (ascii::starts_with_ignore_case(word, "delay")) return Action::delayed;
    return Action::unknown;
}

// Behind "dns;" or another type, where there is one.
std::string_view without_type(std::string_view value) {
    const auto semicolon = value.find(';');
    if (semicolon == std::string_view::npos) return value;
    const auto type = ascii::trim(value.substr(0, semicolon));
    const bool is_type = !type.empty() && std::ranges::all_of(type, [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_';
    });
    return is_type ? ascii::trim(value.substr(semicolon + 1)) : value;
}

std::string host_of(std::string_view value) {
    auto host = without_type(value);
    host = host.substr(0, host.find_first_of(" \t("));  // a comment often names its address
    return readable_ascii(host, kLongestName);
}

bool is_digit_at(std::string_view text, std::size_t at) {
    return at < text.size() && ascii::is_digit(text[at]);
}

// A status that begins there: "5.1.1", with no digit or dot before or behind it.
std::optional<EnhancedStatus> status_at(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && end < at + 9 && (ascii::is_digit(text[end]) || text[end] == '.'))
        ++end;
    auto word = text.substr(at, end - at);
    if (word.ends_with('.')) word.remove_suffix(1);
    return EnhancedStatus::parse(word);
}

ReportedRecipient read_recipient(const Fields& group) {
    ReportedRecipient recipient;
    recipient.final_address = read_typed_address(group.value("Final-Recipient"));
    recipient.original_address = read_typed_address(group.value("Original-Recipient"));
    recipient.action = read_action(group.value("Action"));
    recipient.status = status_in(group.value("Status"));
    recipient.remote = host_of(group.value("Remote-MTA"));
    const auto diagnostic = without_type(group.value("Diagnostic-Code"));
    recipient.code = code_in(diagnostic);
    recipient.diagnostic = readable(diagnostic, kLongestDiagnostic);
    if (!recipient.status) recipient.status = status_in(diagnostic);
    // Only the status says it: 5 is an end, 4 may be either, but nobody writes a report about a
    // message that is still going without the word for it.
    if (recipient.action == Action::unknown && recipient.status) {
        recipient.action = recipient.status->cls == 2 ? Action::delivered : Action::failed;
    }
    return recipient;
}

}  // namespace

std::string_view to_string(Action action) {
    for (const auto& [name, value] : kActions)
        if (value == action) return name;
    return "unknown";
}

std::string read_typed_address(std::string_view value) {
    auto address = without_type(value);
    if (const auto open = address.find('<'); open != std::string_view::npos) {
        const auto close = address.find('>', open);
        if (close != std::string_view::npos) address = address.substr(open + 1, close - open - 1);
    }
    if (!address.starts_with('"')) address = address.substr(0, address.find_first_of(" \t("));
    if (address.size() > kLongestAddress || address.find('@') == std::string_view::npos) return {};
    std::string plain = decode_xtext(address);
    if (utf8::is_valid(plain)) plain = unescape_unicode(plain);
    return readable(plain, kLongestAddress);
}

int code_in(std::string_view diagnostic) {
    const auto at = diagnostic.find_first_of("0123456789");
    // It opens the words of the server; what stands deeper in is something else.
    if (at == std::string_view::npos || at > 40) return 0;
    const bool three = is_digit_at(diagnostic, at + 1) && is_digit_at(diagnostic, at + 2) &&
                       !is_digit_at(diagnostic, at + 3);
    if (!three || diagnostic[at] < '2' || diagnostic[at] > '5') return 0;
    if (at + 3 < diagnostic.size() && diagnostic[at + 3] == '.') return 0;  // an address, a version
    return (diagnostic[at] - '0') * 100 + (diagnostic[at + 1] - '0') * 10 +
           (diagnostic[at + 2] - '0');
}

std::optional<EnhancedStatus> status_in(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '2' && text[at] != '4' && text[at] != '5') continue;
        if (at + 1 >= text.size() || text[at + 1] != '.') continue;
        if (at > 0 && (ascii::is_alnum(text[at - 1]) || text[at - 1] == '.')) continue;
        if (const auto status = status_at(text, at)) return status;
    }
    return std::nullopt;
}

std::optional<DeliveryReport> read_delivery_report(std::string_view body) {
    DeliveryReport report;
    bool first = true;
    while (!body.empty() && report.recipients.size() < DeliveryReport::kMostRecipients) {
        const Fields group = Fields::take(body);
        // "--" at the begin of a line ends no body here: it is a line of no meaning.
        if (group.empty()) {
            if (body.starts_with("--")) static_cast<void>(take_line(body));
            continue;
        }
        if (std::exchange(first, false)) {
            report.reporter = host_of(group.value("Reporting-MTA"));
            report.envelope_id =
                readable_ascii(decode_xtext(group.value("Original-Envelope-Id")), 100);
        }
        // Some leave the empty line between the two kinds of groups out.
        const bool tells = group.has("Final-Recipient") || group.has("Original-Recipient") ||
                           (group.has("Action") && group.has("Status"));
        if (tells) report.recipients.push_back(read_recipient(group));
    }
    if (report.recipients.empty()) return std::nullopt;
    return report;
}

}  // namespace posthaste::mail::report
