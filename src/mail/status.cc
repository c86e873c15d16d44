#include "mail/status.h"

#include "base/ascii.h"

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

// One to three digits without a leading zero (RFC 3463 §2); moves `text` behind them.
std::optional<std::uint16_t> take_number(std::string_view& text) {
    unsigned value = 0;
    std::size_t n = 0;
    for (; n < text.size() && ascii::is_digit(text[n]); ++n) {
        if (n == 3) return std::nullopt;
        value = value * 10 + static_cast<unsigned>(text[n] - '0');
    }
    if (n == 0 || (n > 1 && text[0] == '0')) return std::nullopt;
    text.remove_prefix(n);
    return static_cast<std::uint16_t>(value);
}

bool take_dot(std::string_view& text) {
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<EnhancedStatus> take_status(std::string_view& text) {
    if (text.empty() || (text[0] != '2' && text[0] != '4' && text[0] != '5')) return std::nullopt;
    EnhancedStatus status;
    status.cls = static_cast<std::uint8_t>(text[0] - '0');
    text.remove_prefix(1);
    if (!take_dot(text)) return std::nullopt;
    const auto subject = take_number(text);
    if (!subject || !take_dot(text)) return std::nullopt;
    const auto detail = take_number(text);
    if (!detail) return std::nullopt;
    status.subject = *subject;
    status.detail = *detail;
    return status;
}

}  // namespace

std::optional<EnhancedStatus> EnhancedStatus::parse(std::string_view text) {
    const auto status = take_status(text);
    return text.empty() ? status : std::nullopt;
}

std::optional<EnhancedStatus> EnhancedStatus::parse_prefix(std::string_view reply_text) {
    while (reply_text.starts_with(' ')) reply_text.remove_prefix(1);
    const auto status = take_status(reply_text);
    // "5.1.1x" and "5.1.1.7" are something else, such as a version or an address.
    const bool goes_on =
        !reply_text.empty() && (ascii::is_alnum(reply_text.front()) || reply_text.front() == '.');
    return goes_on ? std::nullopt : status;
}

std::string EnhancedStatus::to_string() const {
    return fmt::format("{}.{}.{}", cls, subject, detail);
}

}  // namespace posthaste::mail
