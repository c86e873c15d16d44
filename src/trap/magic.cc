#include "trap/magic.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace posthaste::trap {

namespace {

using mail::Cause;

struct KnownCode {
    int code;
    mail::EnhancedStatus status;
    Cause cause;
    std::string_view text;
};

constexpr std::array kKnownCodes{
    KnownCode{421, {4, 3, 2}, Cause::unknown, "Service not available"},
    KnownCode{450, {4, 2, 0}, Cause::inactive_mailbox, "Mailbox busy"},
    KnownCode{451, {4, 3, 0}, Cause::unknown, "Local error in processing"},
    KnownCode{452, {4, 2, 2}, Cause::mailbox_full, "Mailbox full"},
    KnownCode{454, {4, 7, 0}, Cause::policy, "Temporary authentication failure"},
    KnownCode{550, {5, 1, 1}, Cause::invalid_recipient, "No such user here"},
    KnownCode{551, {5, 1, 6}, Cause::invalid_recipient, "User has moved"},
    KnownCode{552, {5, 2, 2}, Cause::mailbox_full, "Mailbox full"},
    KnownCode{553, {5, 1, 3}, Cause::invalid_recipient, "Mailbox name not allowed"},
    KnownCode{554, {5, 7, 1}, Cause::policy, "Message refused"},
};

mail::Outcome refuse(int code, mail::EnhancedStatus status, Cause cause, std::string_view text) {
    mail::Outcome outcome;
    outcome.verdict = code >= 500 ? mail::Verdict::failed : mail::Verdict::deferred;
    outcome.status = status;
    outcome.code = code;
    outcome.reply = fmt::format("{} {} (the local inbox answers so for this address)",
                                status.to_string(), text);
    outcome.cause = cause;
    outcome.remote_host = "local inbox";
    return outcome;
}

mail::Outcome refuse_with(int code) {
    const auto known = std::ranges::find(kKnownCodes, code, &KnownCode::code);
    if (known != kKnownCodes.end()) return refuse(code, known->status, known->cause, known->text);
    return refuse(code, {static_cast<std::uint8_t>(code / 100), 0, 0}, Cause::unknown, "Refused");
}

std::optional<int> reply_code(std::string_view text) {
    if (text.size() != 3 || (text[0] != '4' && text[0] != '5')) return std::nullopt;
    if (!ascii::is_digit(text[1]) || !ascii::is_digit(text[2])) return std::nullopt;
    return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

mail::Outcome no_answer() {
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::deferred;
    outcome.status = {4, 4, 1};
    outcome.reply = "no answer in time (the local inbox does so for this address)";
    outcome.cause = Cause::no_answer;
    outcome.remote_host = "local inbox";
    return outcome;
}

}  // namespace

Magic magic_of(std::string_view local_part, std::uint32_t attempts) {
    const auto local = ascii::to_lower(local_part);
    if (const auto code = reply_code(local)) return {refuse_with(*code), false};
    if (local == "quota") return {refuse_with(452), false};
    if (local == "greylist" && attempts == 0)
        return {refuse(451, {4, 7, 1}, Cause::greylisted, "Greylisted, try again later"), false};
    if (local == "slow") return {std::nullopt, true};
    if (local == "timeout") return {no_answer(), true};
    return {};
}

}  // namespace posthaste::trap
