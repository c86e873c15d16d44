#include "delivery/attempt/failure.h"

#include "delivery/attempt/outcome_table.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using mail::Cause;
using mail::Verdict;
using queue::SiteSignal;

smtp::Reply reply_of(const std::string& line) {
    smtp::ReplyParser parser;
    const auto done = parser.add_line(line);
    EXPECT_TRUE(done && *done) << line;
    return parser.take();
}

struct FailureRow {
    const char* name;
    Stage stage;
    What what;
    const char* reply;  // or empty
    Circumstances here;
    Scope scope;
    Verdict verdict;
    const char* status;
    SiteSignal signal;
    const char* extra;  // words of: if_all ambiguous uncharged suspend retry=<s>
};

std::string extras(const Judgement& j) {
    std::string text;
    const auto add = [&](bool is, const std::string& word) {
        if (is) text += (text.empty() ? "" : " ") + word;
    };
    add(j.permanent_if_all, "if_all");
    add(j.outcome.ambiguous, "ambiguous");
    add(!j.outcome.charge_attempt, "uncharged");
    add(j.suspend.has_value(), "suspend");
    add(j.outcome.retry_after.has_value(),
        "retry=" + std::to_string(j.outcome.retry_after.value_or(Seconds(0)).count()));
    return text;
}

class FailureTable : public testing::TestWithParam<FailureRow> {};

TEST_P(FailureTable, Is) {
    const FailureRow& row = GetParam();
    Incident incident{row.stage, row.what, {}, {}};
    if (row.what == What::reply) incident.reply = reply_of(row.reply);
    const Judgement judgement = judge(incident, row.here);
    EXPECT_EQ(static_cast<int>(judgement.scope), static_cast<int>(row.scope));
    EXPECT_EQ(judgement.outcome.verdict, row.verdict);
    EXPECT_EQ(judgement.outcome.status.to_string(), row.status);
    EXPECT_EQ(judgement.signal, row.signal);
    EXPECT_EQ(extras(judgement), row.extra);
    EXPECT_FALSE(judgement.outcome.reply.empty());
    if (judgement.suspend) EXPECT_FALSE(judgement.mend.empty()) << "every stop names its mend";
    if (!row.here.may_have_login)
        EXPECT_FALSE(judgement.mend.contains("[relay] username")) << "a route has no such key";
}

constexpr Circumstances kMx{};
constexpr Circumstances kRelay{.smarthost = true};
constexpr Circumstances kRoute{.smarthost = true, .may_have_login = false};
constexpr Circumstances kOld{.age = std::chrono::hours(25)};
constexpr Circumstances kSecondHost{.best_host = false};
constexpr Circumstances kTaken{.accepted = 50};
constexpr Circumstances kFifth{.attempts = 4};
using enum Stage;

INSTANTIATE_TEST_SUITE_P(
    All, FailureTable,
    testing::Values(
        FailureRow{"o2_refused", connect, What::refused, "", kMx, Scope::host, Verdict::deferred,
                   "4.4.1", SiteSignal::trouble, ""},
        FailureRow{"o2_timeout", connect, What::timed_out, "", kMx, Scope::host, Verdict::deferred,
                   "4.4.1", SiteSignal::trouble, ""},
        FailureRow{"o3_no_source", connect, What::no_source, "", kMx, Scope::host,
                   Verdict::deferred, "4.3.5", SiteSignal::neutral, ""},
        FailureRow{"o4_banner_421", banner, What::reply, "421 4.3.2 busy", kMx, Scope::host,
                   Verdict::deferred, "4.3.2", SiteSignal::trouble, ""},
        FailureRow{"o5_banner_554", banner, What::reply, "554 go away", kMx, Scope::host,
                   Verdict::deferred, "4.3.2", SiteSignal::trouble, ""},
        FailureRow{"o5_banner_554_after_a_day", banner, What::reply, "554 go away", kOld,
                   Scope::host, Verdict::failed, "5.3.2", SiteSignal::trouble, "if_all"},
        FailureRow{"o5_banner_521", banner, What::reply, "521 no mail here", kMx, Scope::host,
                   Verdict::failed, "5.3.2", SiteSignal::trouble, "if_all"},
        FailureRow{"banner_timeout", banner, What::timed_out, "", kMx, Scope::host,
                   Verdict::deferred, "4.4.2", SiteSignal::trouble, ""},
        FailureRow{"banner_garbage", banner, What::malformed, "", kMx, Scope::host,
                   Verdict::deferred, "4.5.0", SiteSignal::neutral, ""},
        FailureRow{"o6_ehlo_550", ehlo, What::reply, "550 no", kMx, Scope::host, Verdict::deferred,
                   "4.5.0", SiteSignal::trouble, ""},
        FailureRow{"o7_ehlo_451", ehlo, What::reply, "451 later", kMx, Scope::host,
                   Verdict::deferred, "4.3.2", SiteSignal::trouble, ""},
        FailureRow{"loop_at_the_best", ehlo, What::ourselves, "", kMx, Scope::host, Verdict::failed,
                   "5.4.6", SiteSignal::neutral, "if_all"},
        FailureRow{"loop_at_the_second", ehlo, What::ourselves, "", kSecondHost, Scope::host,
                   Verdict::deferred, "4.4.6", SiteSignal::neutral, ""},
        FailureRow{"o8_not_offered", starttls, What::not_offered, "", kMx, Scope::host,
                   Verdict::deferred, "4.7.4", SiteSignal::neutral, ""},
        FailureRow{"o8_refused", starttls, What::reply, "454 4.7.0 TLS not available", kMx,
                   Scope::host, Verdict::deferred, "4.7.0", SiteSignal::neutral, ""},
        FailureRow{"o8_handshake", starttls, What::tls_failed, "", kMx, Scope::host,
                   Verdict::deferred, "4.7.5", SiteSignal::neutral, ""},
        FailureRow{"o9_wrong_password", auth, What::reply, "535 5.7.8 no", kRelay, Scope::route,
                   Verdict::deferred, "4.7.8", SiteSignal::neutral, "suspend"},
        FailureRow{"o9_busy", auth, What::reply, "454 4.7.0 later", kRelay, Scope::route,
                   Verdict::deferred, "4.7.0", SiteSignal::slow_down, "suspend retry=60"},
        FailureRow{"o9_no_mechanism", auth, What::not_offered, "", kRelay, Scope::route,
                   Verdict::deferred, "4.7.8", SiteSignal::neutral, "suspend"},
        FailureRow{"o10_mail_451", mail, What::reply, "451 4.3.0 later", kMx, Scope::transaction,
                   Verdict::deferred, "4.3.0", SiteSignal::good, ""},
        FailureRow{"o11_mail_550", mail, What::reply, "550 5.1.8 who", kMx, Scope::transaction,
                   Verdict::failed, "5.1.8", SiteSignal::good, ""},
        FailureRow{"o11_mail_501", mail, What::reply, "501 5.1.7 bad address", kMx,
                   Scope::transaction, Verdict::failed, "5.1.7", SiteSignal::good, ""},
        FailureRow{"o12_mail_552", mail, What::reply, "552 5.3.4 too big", kMx, Scope::host,
                   Verdict::failed, "5.3.4", SiteSignal::good, "if_all"},
        FailureRow{"o12_size", mail, What::too_large, "", kMx, Scope::host, Verdict::failed,
                   "5.3.4", SiteSignal::good, "if_all"},
        FailureRow{"no_8bitmime", mail, What::no_8bit, "", kMx, Scope::host, Verdict::failed,
                   "5.6.3", SiteSignal::good, "if_all"},
        FailureRow{"no_smtputf8", mail, What::no_smtputf8, "", kMx, Scope::host, Verdict::failed,
                   "5.6.7", SiteSignal::good, "if_all"},
        FailureRow{"mail_530_at_a_relay", mail, What::reply, "530 5.7.0 Authentication required",
                   kRelay, Scope::route, Verdict::deferred, "4.7.0", SiteSignal::good, "suspend"},
        FailureRow{"mail_530_at_an_mx", mail, What::reply,
                   "530 5.7.0 Must issue a STARTTLS command first", kMx, Scope::host,
                   Verdict::deferred, "4.7.0", SiteSignal::good, ""},
        FailureRow{"o11_mail_530_without_a_login_at_an_mx", mail, What::reply,
                   "530 5.7.1 Client was not authenticated", kMx, Scope::transaction,
                   Verdict::failed, "5.7.1", SiteSignal::good, ""},
        FailureRow{"o11_mail_530_without_a_word_at_an_mx", mail, What::reply, "530 no", kMx,
                   Scope::transaction, Verdict::failed, "5.7.0", SiteSignal::good, ""},
        FailureRow{"rcpt_530_without_a_login_at_an_mx", rcpt, What::reply,
                   "530 5.7.0 Authentication required", kMx, Scope::recipient, Verdict::failed,
                   "5.7.0", SiteSignal::good, ""},
        FailureRow{"rcpt_530_for_tls_at_an_mx", rcpt, What::reply, "530 5.7.10 Encryption required",
                   kMx, Scope::host, Verdict::deferred, "4.7.0", SiteSignal::good, ""},
        FailureRow{"mail_530_at_a_route", mail, What::reply, "530 5.7.0 Authentication required",
                   kRoute, Scope::route, Verdict::deferred, "4.7.0", SiteSignal::good, "suspend"},
        FailureRow{"mail_asks_for_less", mail, What::reply,
                   "451 4.7.1 rate limit, try in 60 seconds", kMx, Scope::transaction,
                   Verdict::deferred, "4.7.1", SiteSignal::slow_down, "retry=60"},
        FailureRow{"o14_rcpt_450", rcpt, What::reply, "450 4.2.0 later", kMx, Scope::recipient,
                   Verdict::deferred, "4.2.0", SiteSignal::good, ""},
        FailureRow{"o14_greylisted", rcpt, What::reply,
                   "451 4.7.1 Greylisted, try again in 300 seconds", kMx, Scope::recipient,
                   Verdict::deferred, "4.7.1", SiteSignal::good, "retry=300"},
        FailureRow{"o15_452_after_50", rcpt, What::reply, "452 4.5.3 Too many recipients", kTaken,
                   Scope::recipient, Verdict::deferred, "4.5.3", SiteSignal::good, "uncharged"},
        FailureRow{"o15_552_after_50", rcpt, What::reply, "552 Too many recipients", kTaken,
                   Scope::recipient, Verdict::deferred, "4.0.0", SiteSignal::good, "uncharged"},
        FailureRow{"o15_452_at_the_first", rcpt, What::reply, "452 4.5.3 Too many recipients", kMx,
                   Scope::recipient, Verdict::deferred, "4.5.3", SiteSignal::good, ""},
        FailureRow{"o15_a_full_mailbox_after_50", rcpt, What::reply, "452 4.2.2 Over quota", kTaken,
                   Scope::recipient, Verdict::deferred, "4.2.2", SiteSignal::good, ""},
        FailureRow{"o15_a_full_mailbox_for_good", rcpt, What::reply, "552 5.2.2 Over quota", kTaken,
                   Scope::recipient, Verdict::failed, "5.2.2", SiteSignal::good, ""},
        FailureRow{"o16_rcpt_550", rcpt, What::reply, "550 5.1.1 unknown", kMx, Scope::recipient,
                   Verdict::failed, "5.1.1", SiteSignal::good, ""},
        FailureRow{"o16_rcpt_550_without_status", rcpt, What::reply, "550 unknown", kMx,
                   Scope::recipient, Verdict::failed, "5.0.0", SiteSignal::good, ""},
        FailureRow{"o16_a_status_of_the_wrong_class", rcpt, What::reply, "550 4.1.1 unknown", kMx,
                   Scope::recipient, Verdict::failed, "5.0.0", SiteSignal::good, ""},
        FailureRow{"rcpt_relay_denied_at_office365", rcpt, What::reply,
                   "550 5.7.64 TenantAttribution; Relay Access Denied", kRelay, Scope::route,
                   Verdict::deferred, "4.7.8", SiteSignal::good, "suspend"},
        FailureRow{"o19_data_451", data, What::reply, "451 4.3.0 later", kMx, Scope::transaction,
                   Verdict::deferred, "4.3.0", SiteSignal::good, ""},
        FailureRow{"o19_data_554", data, What::reply, "554 5.7.1 no", kMx, Scope::transaction,
                   Verdict::failed, "5.7.1", SiteSignal::good, ""},
        FailureRow{"o20_cut_in_the_content", content, What::lost, "", kMx, Scope::host,
                   Verdict::deferred, "4.4.2", SiteSignal::neutral, "retry=60"},
        FailureRow{"o20_cut_for_the_fifth_time", content, What::lost, "", kFifth, Scope::host,
                   Verdict::deferred, "4.4.2", SiteSignal::neutral, ""},
        FailureRow{"content_unreadable", content, What::our_own, "", kMx, Scope::transaction,
                   Verdict::deferred, "4.3.0", SiteSignal::neutral, ""},
        FailureRow{"o21_lost", final_dot, What::lost, "", kMx, Scope::transaction,
                   Verdict::deferred, "4.4.2", SiteSignal::neutral, "ambiguous retry=1800"},
        FailureRow{"o21_timeout", final_dot, What::timed_out, "", kMx, Scope::transaction,
                   Verdict::deferred, "4.4.2", SiteSignal::neutral, "ambiguous retry=1800"},
        FailureRow{"o21_garbage", final_dot, What::malformed, "", kMx, Scope::transaction,
                   Verdict::deferred, "4.5.0", SiteSignal::neutral, "ambiguous retry=1800"},
        FailureRow{"o21_354_again", final_dot, What::reply, "354 go on", kMx, Scope::transaction,
                   Verdict::deferred, "4.5.0", SiteSignal::neutral, "ambiguous retry=1800"},
        FailureRow{"o21_our_shutdown", final_dot, What::our_own, "", kMx, Scope::transaction,
                   Verdict::deferred, "4.3.0", SiteSignal::neutral, "ambiguous retry=1800"},
        FailureRow{"o23_451", final_dot, What::reply, "451 4.3.0 later", kMx, Scope::transaction,
                   Verdict::deferred, "4.3.0", SiteSignal::good, ""},
        FailureRow{"o23_554", final_dot, What::reply, "554 5.6.0 no", kMx, Scope::transaction,
                   Verdict::failed, "5.6.0", SiteSignal::good, ""},
        FailureRow{"o23_421", final_dot, What::reply, "421 4.3.2 closing", kMx, Scope::transaction,
                   Verdict::deferred, "4.3.2", SiteSignal::trouble, ""},
        FailureRow{"o24_421_at_rcpt", rcpt, What::reply, "421 4.3.2 closing", kMx, Scope::host,
                   Verdict::deferred, "4.3.2", SiteSignal::trouble, ""},
        FailureRow{"o24_421_at_mail", mail, What::reply, "421 closing", kMx, Scope::host,
                   Verdict::deferred, "4.3.2", SiteSignal::trouble, ""},
        FailureRow{"o25_503_at_rcpt", rcpt, What::reply, "503 5.5.1 what", kMx, Scope::host,
                   Verdict::deferred, "4.5.0", SiteSignal::neutral, ""},
        FailureRow{"o25_503_for_the_fifth_time", rcpt, What::reply, "503 5.5.1 what", kFifth,
                   Scope::host, Verdict::failed, "5.5.0", SiteSignal::neutral, "if_all"},
        FailureRow{"o25_354_at_mail", mail, What::reply, "354 go", kMx, Scope::host,
                   Verdict::deferred, "4.5.0", SiteSignal::neutral, ""},
        FailureRow{"o25_250_at_data", data, What::reply, "250 ok", kMx, Scope::host,
                   Verdict::deferred, "4.5.0", SiteSignal::neutral, ""},
        FailureRow{"lost_at_mail", mail, What::lost, "", kMx, Scope::host, Verdict::deferred,
                   "4.4.2", SiteSignal::trouble, ""}),
    [](const auto& row) { return std::string(row.param.name); });

// No row of the table hides behind an earlier one, and each says of itself what the table says.
TEST(OutcomeTable, EachRowIsReached) {
    std::size_t number = 0;
    for (const OutcomeRow& row : outcome_table()) {
        bool reached = false;
        for (int code = row.from; code <= row.to && !reached; ++code) {
            Incident incident{row.stage, row.what, {}, {}};
            incident.reply.code = code;
            const OutcomeRow found = find_outcome(incident);
            if (found.number != row.number || found.extra != row.extra) continue;
            if (found.from != row.from || found.to != row.to) continue;
            reached = true;
            const Judgement judgement = judge(incident, {});
            EXPECT_EQ(judgement.row, row.number);
            if (row.extra == Extra::none && row.cause != Cause::unknown) {
                EXPECT_EQ(judgement.outcome.verdict == Verdict::failed, row.status.cls == 5)
                    << "O-" << row.number << " at " << to_string(row.stage);
            }
        }
        EXPECT_TRUE(reached) << "row " << number << ", O-" << row.number;
        ++number;
    }
}

TEST(OutcomeTable, HasEachNumberThatIsAboutReplies) {
    for (const int number :
         {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 19, 20, 21, 23, 24, 25}) {
        EXPECT_TRUE(std::ranges::any_of(
            outcome_table(), [&](const OutcomeRow& row) { return row.number == number; }))
            << "O-" << number;
    }
}

struct TurnRow {
    const char* name;
    Stage stage;
    const char* reply;
    std::chrono::hours age;
    Verdict verdict;
    const char* status;
    Cause cause;
};

class Turned : public testing::TestWithParam<TurnRow> {};

TEST_P(Turned, Is) {
    const TurnRow& row = GetParam();
    Circumstances here;
    here.age = row.age;
    here.host = "mx.example.org";
    const Judgement judgement = judge({row.stage, What::reply, reply_of(row.reply), {}}, here);
    EXPECT_EQ(judgement.outcome.verdict, row.verdict);
    EXPECT_EQ(judgement.outcome.status.to_string(), row.status);
    EXPECT_EQ(judgement.outcome.cause, row.cause);
    EXPECT_FALSE(judgement.outcome.rule.empty());
    if (row.verdict == Verdict::deferred) EXPECT_GE(judgement.outcome.retry_after, Seconds(600));
}

constexpr std::chrono::hours kNew{0};
constexpr std::chrono::hours kDay{24};

INSTANTIATE_TEST_SUITE_P(
    All, Turned,
    testing::Values(TurnRow{"a_block_is_tried_for_a_day", mail,
                            "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org",
                            kNew, Verdict::deferred, "4.7.1", Cause::block_ip},
                    TurnRow{"and_is_final_then", mail,
                            "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org",
                            kDay, Verdict::failed, "5.7.1", Cause::block_ip},
                    TurnRow{"at_rcpt", rcpt, "550 Your IP address is blocked", kNew,
                            Verdict::deferred, "4.0.0", Cause::block_ip},
                    TurnRow{"at_the_end", final_dot, "550 5.7.1 rate limit exceeded", kNew,
                            Verdict::deferred, "4.7.1", Cause::rate_limited},
                    TurnRow{"spam_is_final", final_dot, "554 5.7.1 Spam message rejected", kNew,
                            Verdict::failed, "5.7.1", Cause::spam_content},
                    TurnRow{"an_unknown_user_is_final", rcpt, "550 5.1.1 User unknown", kNew,
                            Verdict::failed, "5.1.1", Cause::invalid_recipient}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Failure, RemoteTextIsMadeHarmless) {
    smtp::Reply reply;
    reply.code = 550;
    reply.lines = {"bad\x1b[31m \xff" + std::string(5000, 'x')};
    const auto judgement = judge({rcpt, What::reply, reply, {}}, {});
    EXPECT_LE(judgement.outcome.reply.size(), 1024U);
    for (const char c : judgement.outcome.reply) EXPECT_GE(c, ' ');
}

TEST(Failure, TheMendNamesTheRouteWhoseLoginItIs) {
    Incident refused{Stage::auth, What::reply, {}, {}};
    refused.reply.code = 535;
    refused.reply.lines = {"no"};
    Circumstances circumstances = kRelay;
    EXPECT_TRUE(judge(refused, circumstances).mend.contains("[relay]"));
    circumstances.route = "news";
    const auto mend = judge(refused, circumstances).mend;
    EXPECT_TRUE(mend.contains("[[route]] \"news\"")) << mend;
    refused.mend = "sign in again: posthaste relay login news";
    EXPECT_EQ(judge(refused, circumstances).mend, refused.mend);
}

}  // namespace
}  // namespace posthaste::delivery
