#include "queue/decision.h"

#include "store/testing.h"

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using mail::Cause;
using mail::Notify;
using mail::Verdict;
using std::chrono::hours;
using std::chrono::minutes;
using store::QueueTime;
using To = store::RecipientUpdate::To;

struct DecisionRow {
    const char* name;
    mail::Outcome outcome;
    Notify notify;
    bool null_sender;
    Seconds age;
    To to;
    EventType event;
    std::string status;
    Seconds wait;  // to the next attempt, if `to` is open
};

mail::Outcome outcome(Verdict verdict, Cause cause = Cause::none) {
    mail::Outcome o;
    o.verdict = verdict;
    o.status = {static_cast<std::uint8_t>(verdict == Verdict::delivered  ? 2
                                          : verdict == Verdict::deferred ? 4
                                                                         : 5),
                1, 1};
    o.code = o.status.cls * 100 + 50;
    o.reply = "as they said";
    o.cause = cause;
    return o;
}

mail::Outcome with(mail::Outcome o, auto change) {
    change(o);
    return o;
}

class DecisionTable : public testing::TestWithParam<DecisionRow> {};

TEST_P(DecisionTable, Is) {
    const DecisionRow& row = GetParam();
    store::AddMessage message = store::testing::make_message();
    message.row.accepted = QueueTime(Milliseconds(0));
    message.row.expires = message.row.accepted + std::chrono::days(5);
    if (row.null_sender) message.row.sender.reset();
    message.recipients[0].notify = row.notify;
    const QueueTime at = message.row.accepted + row.age;
    const Decision decision = decide(
        {message.row, message.recipients[0], row.outcome, 2, at, Timestamp{}, 0}, RetrySchedule{});
    EXPECT_EQ(decision.update.to, row.to);
    EXPECT_EQ(to_string(decision.event), to_string(row.event));
    EXPECT_EQ(decision.update.attempts, 3U);
    EXPECT_EQ(decision.update.outcome.status.to_string(), row.status);
    EXPECT_EQ(decision.update.outcome.reply, "as they said");
    if (row.to == To::open) EXPECT_EQ(decision.update.next_at, at + row.wait);
}

const auto kDelivered = outcome(Verdict::delivered);
const auto kDeferred = outcome(Verdict::deferred);
const auto kFailed = outcome(Verdict::failed);

INSTANTIATE_TEST_SUITE_P(
    All, DecisionTable,
    testing::Values(
        DecisionRow{"delivered",
                    kDelivered,
                    Notify::unset,
                    false,
                    hours(0),
                    To::done,
                    EventType::delivered,
                    "2.1.1",
                    {}},
        DecisionRow{"delivered_and_success_wanted",
                    kDelivered,
                    Notify::success,
                    false,
                    hours(0),
                    To::report_due,
                    EventType::delivered,
                    "2.1.1",
                    {}},
        DecisionRow{"delivered_to_a_hop_that_reports_itself",
                    with(kDelivered, [](auto& o) { o.remote_takes_dsn = true; }),
                    Notify::success,
                    false,
                    hours(0),
                    To::done,
                    EventType::delivered,
                    "2.1.1",
                    {}},
        DecisionRow{"delivered_and_success_wanted_by_nobody",
                    kDelivered,
                    Notify::success,
                    true,
                    hours(0),
                    To::done,
                    EventType::delivered,
                    "2.1.1",
                    {}},
        DecisionRow{"failed",
                    kFailed,
                    Notify::unset,
                    false,
                    hours(0),
                    To::report_due,
                    EventType::failed,
                    "5.1.1",
                    {}},
        DecisionRow{"failed_and_never_wanted",
                    kFailed,
                    Notify::never,
                    false,
                    hours(0),
                    To::done,
                    EventType::failed,
                    "5.1.1",
                    {}},
        DecisionRow{"failed_and_only_success_wanted",
                    kFailed,
                    Notify::success,
                    false,
                    hours(0),
                    To::done,
                    EventType::failed,
                    "5.1.1",
                    {}},
        DecisionRow{"failed_for_the_null_sender",
                    kFailed,
                    Notify::unset,
                    true,
                    hours(0),
                    To::done,
                    EventType::failed,
                    "5.1.1",
                    {}},
        DecisionRow{"deferred", kDeferred, Notify::unset, false, hours(1), To::open,
                    EventType::deferred, "4.1.1", minutes(15)},
        DecisionRow{"deferred_as_asked",
                    with(kDeferred, [](auto& o) { o.retry_after = Seconds(40); }), Notify::unset,
                    false, hours(1), To::open, EventType::deferred, "4.1.1", Seconds(40)},
        DecisionRow{"mailbox_full", outcome(Verdict::deferred, Cause::mailbox_full), Notify::unset,
                    false, hours(1), To::open, EventType::deferred, "4.1.1", hours(1)},
        DecisionRow{"ambiguous_waits_half_an_hour",
                    with(kDeferred, [](auto& o) { o.ambiguous = true; }), Notify::unset, false,
                    hours(1), To::open, EventType::deferred, "4.1.1", minutes(30)},
        DecisionRow{"expired",
                    kDeferred,
                    Notify::unset,
                    false,
                    hours(120),
                    To::report_due,
                    EventType::expired,
                    "5.4.7",
                    {}},
        DecisionRow{"expired_long_ago_while_the_server_was_down",
                    kDeferred,
                    Notify::unset,
                    false,
                    hours(900),
                    To::report_due,
                    EventType::expired,
                    "5.4.7",
                    {}},
        // delivery.md S-8: what a domain demands of TLS kept it back to the end.
        DecisionRow{"expired_for_the_tls_that_the_domain_demands",
                    outcome(Verdict::deferred, Cause::tls),
                    Notify::unset,
                    false,
                    hours(120),
                    To::report_due,
                    EventType::expired,
                    "5.7.5",
                    {}},
        DecisionRow{"expired_and_never_wanted",
                    kDeferred,
                    Notify::never,
                    false,
                    hours(120),
                    To::done,
                    EventType::expired,
                    "5.4.7",
                    {}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Decision, AServerMayHurryUsThreeTimes) {
    store::AddMessage message = store::testing::make_message();
    message.row.expires = message.row.accepted + std::chrono::days(5);
    const auto asked = with(kDeferred, [](auto& o) { o.retry_after = Seconds(60); });
    const auto wait_after = [&](std::uint32_t attempts) {
        const Tried tried{message.row,          message.recipients[0], asked, attempts - 1,
                          message.row.accepted, Timestamp{},           0};
        return decide(tried, RetrySchedule{}).update.next_at - message.row.accepted;
    };
    EXPECT_EQ(wait_after(1), Seconds(65));
    EXPECT_EQ(wait_after(3), Seconds(65));
    EXPECT_EQ(wait_after(4), minutes(30));
}

TEST(Decision, ExpiryQuotesTheLastRealAnswer) {
    store::AddMessage message = store::testing::make_message();
    message.recipients[0].last = outcome(Verdict::deferred, Cause::mailbox_full);
    message.recipients[0].last.reply = "452 4.2.2 over quota";
    mail::Outcome ours;
    ours.reply = "connection refused";
    ours.cause = Cause::no_answer;
    const Decision decision =
        decide_expired({message.row, message.recipients[0], ours, 7, {}, Timestamp{}, 0});
    EXPECT_EQ(decision.update.outcome.reply, "452 4.2.2 over quota");
    EXPECT_EQ(decision.update.outcome.cause, Cause::mailbox_full);
    EXPECT_EQ(decision.update.outcome.status.to_string(), "5.4.7");
    EXPECT_EQ(decision.update.attempts, 7U) << "no attempt was made";
}

TEST(Decision, ATemporaryRefusalThatExpiresIsNoRuleOfTheirs) {
    store::AddMessage message = store::testing::make_message();
    const Decision decision = decide_expired({message.row,
                                              message.recipients[0],
                                              outcome(Verdict::deferred, Cause::policy),
                                              7,
                                              {},
                                              Timestamp{},
                                              0});
    EXPECT_EQ(decision.update.outcome.cause, Cause::expired);
    EXPECT_EQ(decision.update.outcome.reply, "as they said");
}

TEST(Decision, CancelledTellsTheSenderIfThePersonWantsIt) {
    store::AddMessage message = store::testing::make_message();
    const Tried tried{message.row, message.recipients[0], {}, 1, {}, Timestamp{}, 0};
    EXPECT_EQ(decide_cancelled(tried, false).update.to, To::done);
    EXPECT_EQ(decide_cancelled(tried, true).update.to, To::report_due);
    message.row.sender.reset();
    EXPECT_EQ(decide_cancelled(tried, true).update.to, To::done);
}

TEST(Decision, AnEventHasWhatTheLogNeeds) {
    store::AddMessage message = store::testing::make_message();
    mail::Outcome o = kDeferred;
    o.remote_host = "mx.example.net";
    o.remote_ip = "192.0.2.1";
    const Tried tried{message.row,
                      message.recipients[0],
                      o,
                      0,
                      message.row.accepted + minutes(9),
                      Timestamp{},
                      0};
    const Event event = make_event(tried, decide(tried, RetrySchedule{}));
    EXPECT_EQ(event.recipient, "rcpt0@example.net");
    EXPECT_EQ(event.sender, "alice@example.com");
    EXPECT_EQ(event.remote, "mx.example.net[192.0.2.1]");
    EXPECT_EQ(event.code, 450);
    EXPECT_EQ(event.status, "4.1.1");
    EXPECT_EQ(event.attempt, 1);
    EXPECT_EQ(event.delay, minutes(9));
    EXPECT_EQ(event.next, minutes(5));
    EXPECT_FALSE(event.delays);
}

TEST(Decision, AnEventSaysWhereTheTimeWent) {
    store::AddMessage message = store::testing::make_message();
    mail::Outcome o = kDeferred;
    o.remote_host = "mx.example.net";
    o.remote_ip = "2001:db8::1";
    store::TryFacts carried;
    carried.port = 25;
    carried.connect_ms = 100;
    carried.setup_ms = 50;
    carried.transfer_ms = 2000;
    const auto event_after = [&](Milliseconds since) {
        const Tried tried{
            message.row, message.recipients[0], o, 0, message.row.accepted + since, Timestamp{}, 0,
            &carried,    Milliseconds(350)};
        return make_event(tried, decide(tried, RetrySchedule{}));
    };
    const Event event = event_after(Milliseconds(60'000));
    EXPECT_EQ(event.remote, "mx.example.net[2001:db8::1]:25");
    ASSERT_TRUE(event.delays);
    EXPECT_EQ(event.delays->waiting, Milliseconds(57'500));
    EXPECT_EQ(event.delays->queued, Milliseconds(350));
    EXPECT_EQ(event.delays->set_up, Milliseconds(150));
    EXPECT_EQ(event.delays->transfer, Milliseconds(2000));
    // The clock was set back meanwhile.
    EXPECT_EQ(event_after(Milliseconds(-5)).delays->waiting, Milliseconds(0));
}

}  // namespace
}  // namespace posthaste::queue
