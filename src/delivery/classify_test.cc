#include "delivery/classify.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using mail::Cause;

smtp::Reply reply_of(const std::string& line) {
    smtp::ReplyParser parser;
    const auto done = parser.add_line(line);
    EXPECT_TRUE(done && *done) << line;
    return parser.take();
}

struct CauseRow {
    const char* line;
    Cause cause;
};

class CauseOfReply : public testing::TestWithParam<CauseRow> {};

TEST_P(CauseOfReply, Is) {
    EXPECT_EQ(to_string(classify(reply_of(GetParam().line), false).cause),
              to_string(GetParam().cause))
        << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    All, CauseOfReply,
    testing::Values(
        CauseRow{"550 5.1.1 <a@example.org>: Recipient address rejected: User unknown",
                 Cause::invalid_recipient},
        CauseRow{"550 5.1.1 The email account that you tried to reach does not exist."
                 " Please try",
                 Cause::invalid_recipient},
        CauseRow{"550 5.1.1", Cause::invalid_recipient},
        CauseRow{"550 5.2.1 The email account that you tried to reach is inactive.",
                 Cause::inactive_mailbox},
        CauseRow{"452 4.2.2 The recipient's inbox is out of storage space.", Cause::mailbox_full},
        CauseRow{"552 5.2.2 Over quota", Cause::mailbox_full},
        CauseRow{"552 5.3.4 Message too big", Cause::too_large},
        CauseRow{"552 no", Cause::too_large},
        CauseRow{"450 4.2.0 Greylisted, see http://example.org", Cause::greylisted},
        CauseRow{"451 4.7.1 Greylisting in action, please come back in 00:04:37",
                 Cause::greylisted},
        CauseRow{"421 4.7.0 Too many connections from your IP", Cause::rate_limited},
        CauseRow{"450 4.4.5 slow", Cause::rate_limited},
        CauseRow{"554 5.7.1 <x>: Relay access denied", Cause::relaying_denied},
        CauseRow{"550 5.7.26 This mail has been blocked because the sender is unauthenticated"
                 " (DMARC)",
                 Cause::sender_auth},
        CauseRow{"550 5.7.515 Access denied", Cause::sender_auth},
        CauseRow{"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using"
                 " zen.spamhaus.org",
                 Cause::block_ip},
        CauseRow{"554 IP=192.0.2.1 - None/bad reputation. (NOWL)", Cause::block_ip},
        CauseRow{"550 5.7.1 Message rejected as spam", Cause::spam_content},
        CauseRow{"553 5.1.8 Sender address rejected: Domain not found", Cause::invalid_sender},
        CauseRow{"550 5.7.60 SMTP; Client does not have permissions to send as this sender",
                 Cause::invalid_sender},
        CauseRow{"530 5.7.0 Must issue a STARTTLS command first", Cause::tls},
        CauseRow{"554 5.4.6 Too many hops", Cause::loop},
        CauseRow{"556 5.1.10 no mail", Cause::null_mx},
        CauseRow{"550 5.7.1 Not today", Cause::policy},
        CauseRow{"550 5.7.77 whatever", Cause::policy},
        CauseRow{"550 Requested action not taken", Cause::unknown},
        CauseRow{"450", Cause::unknown}));

struct RelayRow {
    const char* name;
    const char* line;
    bool suspends;
    const char* mend;  // a part of it
};

class Relay : public testing::TestWithParam<RelayRow> {};

TEST_P(Relay, Is) {
    const auto classified = classify(reply_of(GetParam().line), true);
    EXPECT_EQ(classified.suspend.has_value(), GetParam().suspends);
    EXPECT_NE(classified.mend.find(GetParam().mend), std::string_view::npos) << classified.mend;
    EXPECT_FALSE(classify(reply_of(GetParam().line), false).suspend) << "an MX host's words";
}

INSTANTIATE_TEST_SUITE_P(
    All, Relay,
    testing::Values(
        RelayRow{"switched_off",
                 "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", true,
                 "Set-TransportConfig"},
        RelayRow{"for_the_tenant",
                 "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled "
                 "for the Tenant.",
                 true, "Set-TransportConfig"},
        RelayRow{"for_the_mailbox",
                 "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled "
                 "for the Mailbox.",
                 true, "Set-CASMailbox"},
        RelayRow{"wrong_password", "535 5.7.3 Authentication unsuccessful", true, "password_file"},
        RelayRow{"retired",
                 "550 5.7.30 Basic authentication is not supported for Client Submission.", true,
                 "another relay"},
        RelayRow{"anonymous", "530 5.7.57 Client not authenticated to send mail.", true,
                 "username"},
        RelayRow{"connector", "550 5.7.64 TenantAttribution; Relay Access Denied", true,
                 "connector"},
        RelayRow{
            "direct_send",
            "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization",
            true, "connector"},
        RelayRow{"spam", "550 5.1.8 Access denied, bad outbound sender", true, "Restricted"},
        RelayRow{"gmail_password", "535 5.7.8 Username and Password not accepted.", true,
                 "app password"},
        RelayRow{"gmail_daily", "550 5.4.5 Daily SMTP relay limit exceeded for user.", true,
                 "limit"},
        RelayRow{"not_ours_to_stop",
                 "550 5.7.60 SMTP; Client does not have permissions to send as this sender", false,
                 ""},
        RelayRow{"an_unknown_user", "550 5.1.1 User unknown", false, ""}),
    [](const auto& row) { return std::string(row.param.name); });

struct WaitRow {
    const char* text;
    int seconds;  // 0: none
};

class Wait : public testing::TestWithParam<WaitRow> {};

TEST_P(Wait, IsFound) {
    const auto wait = find_wait(GetParam().text);
    if (GetParam().seconds == 0) {
        EXPECT_FALSE(wait);
    } else {
        EXPECT_EQ(wait, Seconds(GetParam().seconds));
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, Wait,
    testing::Values(WaitRow{"greylisted, try again in 300 seconds", 300},
                    WaitRow{"please retry after 5 minutes.", 300}, WaitRow{"wait 10min", 600},
                    WaitRow{"come back in 00:04:37", 277}, WaitRow{"try in 04:37 please", 277},
                    WaitRow{"for at least 2 hours", 7200}, WaitRow{"in 1 h", 3600},
                    WaitRow{"4.7.1 in 60-second steps", 60}, WaitRow{"in 300 mailboxes", 0},
                    WaitRow{"in 0 seconds", 0}, WaitRow{"in 99999999999999999999 seconds", 0},
                    WaitRow{"in 40 hours", 0}, WaitRow{"300 seconds", 0}, WaitRow{"in 12:99:99", 0},
                    WaitRow{"see http://example.org/?in=300", 0}, WaitRow{"", 0},
                    WaitRow{"in", 0}));

TEST(Classify, OnlyATemporaryReplyMakesOneWait) {
    EXPECT_EQ(classify(reply_of("451 4.7.1 try again in 300 seconds"), false).retry_after,
              Seconds(300));
    EXPECT_FALSE(classify(reply_of("550 5.7.1 try again in 300 seconds"), false).retry_after);
}

}  // namespace
}  // namespace posthaste::delivery
