#include "accounts/suppression_rules.h"

#include <vector>

#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

using mail::Cause;
using store::SuppressionSource;
using store::SuppressionState;
using Kind = AddressFailure::Kind;

constexpr Seconds kHour = std::chrono::hours(1);
constexpr Seconds kDay = std::chrono::days(1);
const Timestamp kStart(Seconds(1'764'000'000));

AddressFailure failure(Cause cause, Seconds after, bool to_the_end = false) {
    AddressFailure one;
    one.cause = cause;
    one.reply = "550 no";
    one.message = QueueId::make();
    one.at = kStart + after;
    one.tried_to_the_end = to_the_end;
    return one;
}

// What comes of several, one after the other.
std::optional<store::SuppressionRow> after(const std::vector<AddressFailure>& failures) {
    std::optional<store::SuppressionRow> row;
    for (const auto& one : failures) {
        if (row && row->expires && *row->expires <= one.at) row.reset();
        if (auto next = judge(row, one)) row = std::move(next);
    }
    return row;
}

bool listed(const std::vector<AddressFailure>& failures) {
    const auto row = after(failures);
    return row && row->state == SuppressionState::listed;
}

TEST(SuppressionRules, an_unknown_recipient_is_listed_at_once_for_half_a_year) {
    const auto row = after({failure(Cause::invalid_recipient, kHour)});
    ASSERT_TRUE(row);
    EXPECT_EQ(row->state, SuppressionState::listed);
    EXPECT_EQ(row->expires, kStart + kHour + kSuppressedFor);
    EXPECT_EQ(row->reply, "550 no");
    EXPECT_EQ(row->count, 1U);
    EXPECT_EQ(reason_of(*row), "invalid_recipient");
}

TEST(SuppressionRules, a_domain_twice_more_than_a_day_apart) {
    EXPECT_FALSE(listed({failure(Cause::bad_domain, Seconds(0))}));
    EXPECT_FALSE(listed({failure(Cause::bad_domain, Seconds(0)), failure(Cause::bad_domain, kHour),
                         failure(Cause::bad_domain, kDay), failure(Cause::bad_domain, kDay)}));
    EXPECT_TRUE(listed(
        {failure(Cause::bad_domain, Seconds(0)), failure(Cause::bad_domain, kDay + Seconds(1))}));
    EXPECT_FALSE(
        listed({failure(Cause::bad_domain, Seconds(0)), failure(Cause::bad_domain, 31 * kDay)}));
}

TEST(SuppressionRules, an_inactive_mailbox_twice_within_a_fortnight) {
    EXPECT_FALSE(listed({failure(Cause::inactive_mailbox, Seconds(0))}));
    EXPECT_TRUE(listed({failure(Cause::inactive_mailbox, Seconds(0)),
                        failure(Cause::inactive_mailbox, 13 * kDay)}));
    EXPECT_FALSE(listed({failure(Cause::inactive_mailbox, Seconds(0)),
                         failure(Cause::inactive_mailbox, 15 * kDay)}));
    EXPECT_TRUE(listed({failure(Cause::inactive_mailbox, Seconds(0)),
                        failure(Cause::inactive_mailbox, 15 * kDay),
                        failure(Cause::inactive_mailbox, 16 * kDay)}));
}

TEST(SuppressionRules, other_refusals_three_in_a_row) {
    EXPECT_FALSE(listed({failure(Cause::policy, Seconds(0)), failure(Cause::unknown, kDay)}));
    EXPECT_TRUE(listed({failure(Cause::policy, Seconds(0)), failure(Cause::unknown, kDay),
                        failure(Cause::mailbox_full, 2 * kDay, true)}));
    EXPECT_FALSE(listed({failure(Cause::policy, Seconds(0)), failure(Cause::unknown, kDay),
                         failure(Cause::unknown, 2 * kDay, true)}));
}

TEST(SuppressionRules, what_speaks_about_us_or_about_a_silent_server_counts_for_nothing) {
    for (const Cause cause :
         {Cause::block_ip, Cause::block_domain, Cause::spam_content, Cause::sender_auth,
          Cause::smarthost_auth, Cause::invalid_sender, Cause::rate_limited, Cause::tls,
          Cause::too_large, Cause::no_answer, Cause::dns_failure, Cause::expired, Cause::admin,
          Cause::suppressed, Cause::none}) {
        EXPECT_FALSE(after({failure(cause, Seconds(0)), failure(cause, kDay),
                            failure(cause, 2 * kDay), failure(cause, 3 * kDay)}))
            << mail::to_string(cause);
    }
}

TEST(SuppressionRules, one_message_counts_once) {
    const auto one = failure(Cause::policy, Seconds(0));
    EXPECT_FALSE(listed({one, one, one, one}));
    EXPECT_EQ(after({one, one})->count, 1U);
}

TEST(SuppressionRules, a_complaint_is_for_ever_whatever_was_before) {
    auto complaint = failure(Cause::none, kDay);
    complaint.kind = Kind::complaint;
    const auto first = after({complaint});
    ASSERT_TRUE(first);
    EXPECT_EQ(first->state, SuppressionState::listed);
    EXPECT_FALSE(first->expires);
    EXPECT_EQ(reason_of(*first), "complaint");
    const auto later = after({failure(Cause::invalid_recipient, Seconds(0)), complaint});
    EXPECT_EQ(later->source, SuppressionSource::complaint);
    EXPECT_FALSE(later->expires);
    // A bounce of mail that was on its way changes nothing of that.
    EXPECT_FALSE(judge(later, failure(Cause::invalid_recipient, 2 * kDay)));
    auto unsubscribe = failure(Cause::none, kDay);
    unsubscribe.kind = Kind::unsubscribe;
    EXPECT_EQ(reason_of(*after({unsubscribe})), "unsubscribe");
    EXPECT_FALSE(after({failure(Cause::unsubscribe, kDay)})->expires);
}

TEST(SuppressionRules, hostile_replies_are_clipped) {
    auto one = failure(Cause::invalid_recipient, Seconds(0));
    one.reply = std::string(100'000, 'x') + std::string("\r\n\0", 3);
    EXPECT_LE(after({one})->reply.size(), 310U);
}

}  // namespace
}  // namespace posthaste::accounts
