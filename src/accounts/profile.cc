#include "accounts/profile.h"

#include "base/levenshtein.h"
#include "base/utf8.h"

#include <array>

#include <fmt/format.h>

namespace posthaste::accounts {

namespace {

constexpr std::array<std::string_view, 3> kNames{"human", "application", "bulk"};
constexpr std::array<std::string_view, 4> kVerpNames{"off", "message", "recipient", "on"};

constexpr std::array<std::string_view, 4> kReportNames{"usual", "on", "off", "digest"};

}  // namespace

std::string_view to_string(store::Profile profile) {
    const auto at = static_cast<std::size_t>(profile);
    return at < kNames.size() ? kNames[at] : kNames[0];
}

Result<store::Profile> parse_profile(std::string_view text) {
    if (text.empty()) return store::Profile::human;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (text == kNames[i]) return static_cast<store::Profile>(i);
    }
    const auto near = closest(text, kNames);
    return fail(
        ErrorKind::syntax, fmt::format("\"{}\" is no profile", utf8::printable(text, 40)),
        near ? fmt::format("did you mean \"{}\"?", *near) : "write human, application or bulk");
}

std::string_view to_string(store::Verp verp) {
    const auto at = static_cast<std::size_t>(verp);
    return at < kVerpNames.size() ? kVerpNames[at] : kVerpNames[0];
}

Result<store::Verp> parse_verp(std::string_view text) {
    for (std::size_t i = 0; i < kVerpNames.size(); ++i) {
        if (text == kVerpNames[i]) return static_cast<store::Verp>(i);
    }
    const auto near = closest(text, kVerpNames);
    return fail(
        ErrorKind::syntax,
        fmt::format("\"{}\" is no way to take bounces", utf8::printable(text, 40)),
        near ? fmt::format("did you mean \"{}\"?", *near) : "write on, message, recipient or off");
}

std::string_view to_string(store::ReportWish wish) {
    const auto at = static_cast<std::size_t>(wish);
    return at < kReportNames.size() ? kReportNames[at] : kReportNames[0];
}

Result<store::ReportWish> parse_report_wish(std::string_view text) {
    for (std::size_t i = 0; i < kReportNames.size(); ++i) {
        if (text == kReportNames[i]) return static_cast<store::ReportWish>(i);
    }
    const auto near = closest(text, kReportNames);
    return fail(
        ErrorKind::syntax,
        fmt::format("\"{}\" is no way to get reports", utf8::printable(text, 40)),
        near ? fmt::format("did you mean \"{}\"?", *near) : "write on, off, digest or usual");
}

store::Verp effective_verp(const store::AccountRow& account) {
    if (account.verp != store::Verp::usual) return account.verp;
    return account.profile == store::Profile::bulk ? store::Verp::recipient : store::Verp::message;
}

}  // namespace posthaste::accounts
