#include "accounts/suppression_rules.h"

#include "base/utf8.h"

#include <algorithm>

namespace posthaste::accounts {

namespace {

using mail::Cause;
using store::SuppressionRow;
using store::SuppressionSource;
using store::SuppressionState;

constexpr Seconds kDomainApart = std::chrono::hours(24);
constexpr Seconds kDomainWatched = std::chrono::days(30);
constexpr Seconds kInactiveWithin = std::chrono::days(14);
constexpr Seconds kWatched = std::chrono::days(90);
constexpr std::uint32_t kFailuresInARow = 3;
constexpr std::size_t kLongestReply = 300;

// How a cause speaks about the address. What speaks about us (blocked, misspelt DNS, too large, a
// smarthost's login) or about a server that did not answer says nothing of it: else one bad day
// would empty every list.
enum class Says { nothing, once, domain, inactive, in_a_row };

Says says(const AddressFailure& failure) {
    switch (failure.cause) {
        case Cause::invalid_recipient:
        case Cause::unsubscribe:
            return Says::once;
        case Cause::bad_domain:
            return Says::domain;
        case Cause::inactive_mailbox:
            return Says::inactive;
        case Cause::mailbox_full:  // which servers say for good, or until our time is over
            return Says::in_a_row;
        case Cause::null_mx:
        case Cause::policy:
        case Cause::relaying_denied:
        case Cause::challenge:
        case Cause::auto_reply:
        case Cause::unknown:
            return failure.tried_to_the_end ? Says::nothing : Says::in_a_row;
        default:
            return Says::nothing;
    }
}

void list(SuppressionRow& row, Timestamp at, bool for_ever) {
    row.state = SuppressionState::listed;
    row.expires = for_ever ? std::nullopt : std::optional<Timestamp>(at + kSuppressedFor);
}

void count(SuppressionRow& row, const AddressFailure& failure, Says what) {
    const Timestamp at = failure.at;
    // Counted from the first of its kind: two looks at a domain an hour apart are one.
    if (row.cause != failure.cause && (what != Says::in_a_row || row.count == 0)) row.first = at;
    row.cause = failure.cause;
    ++row.count;
    switch (what) {
        case Says::once:
            return list(row, at, failure.cause == Cause::unsubscribe);
        case Says::domain:
            row.expires = at + kDomainWatched;
            if (at - row.first > kDomainApart) list(row, at, false);
            return;
        case Says::inactive:
            if (row.first < at && at - row.first <= kInactiveWithin) return list(row, at, false);
            row.first = at;
            row.expires = at + kInactiveWithin;
            return;
        case Says::in_a_row:
            row.expires = at + kWatched;
            if (row.count >= kFailuresInARow) list(row, at, false);
            return;
        case Says::nothing:
            return;
    }
}

}  // namespace

std::optional<SuppressionRow> judge(const std::optional<SuppressionRow>& known,
                                    const AddressFailure& failure) {
    const bool by_word = failure.kind != AddressFailure::Kind::bounce;
    const Says what = by_word ? Says::once : says(failure);
    if (what == Says::nothing) return std::nullopt;
    SuppressionRow row = known.value_or(SuppressionRow());
    const bool listed = row.state == SuppressionState::listed;
    // Told again after a crash; or mail that was on its way when the address was listed.
    if (known && row.message == failure.message && !by_word) return std::nullopt;
    if (listed && !by_word) return std::nullopt;
    if (listed && (row.source == SuppressionSource::complaint || !row.expires))
        return std::nullopt;  // there is nothing above that
    if (!known) row.first = failure.at;
    row.reply = utf8::printable(failure.reply, kLongestReply);
    row.message = failure.message;
    row.last = std::max(row.last, failure.at);
    if (by_word) {
        row.source = failure.kind == AddressFailure::Kind::complaint
                         ? SuppressionSource::complaint
                         : SuppressionSource::unsubscribe;
        ++row.count;
        list(row, failure.at, true);
        return row;
    }
    row.source = failure.cause == Cause::unsubscribe ? SuppressionSource::unsubscribe
                                                     : SuppressionSource::bounce;
    count(row, failure, what);
    return row;
}

std::string_view reason_of(const SuppressionRow& row) {
    switch (row.source) {
        case SuppressionSource::bounce:
            return mail::to_string(row.cause);
        case SuppressionSource::complaint:
            return "complaint";
        case SuppressionSource::unsubscribe:
            return "unsubscribe";
        case SuppressionSource::person:
            return "person";
    }
    return "unknown";
}

}  // namespace posthaste::accounts
