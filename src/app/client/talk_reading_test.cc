#include "app/client/talk_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::app {
namespace {

using testing::HasSubstr;

struct Row {
    const char* name;
    Stage stage;
    ErrorKind kind;
    int code;  // 0: no reply
    const char* text;
    bool encrypted;
    const char* outlook;
    const char* next;  // part of the command
};

class TalkReadings : public testing::TestWithParam<Row> {};

TalkPlan plan() {
    TalkPlan plan;
    plan.dialect = find_dialect("outlook");
    plan.server = {"mail.example.com", 587};
    plan.message.from = *mail::Mailbox::parse("anna@example.com");
    plan.message.to.push_back(*mail::Mailbox::parse("bob@example.net"));
    plan.login = "anna@example.com";
    return plan;
}

TEST_P(TalkReadings, HaveOutlooksNumberACauseAndAMend) {
    const auto& row = GetParam();
    TalkFailure failure{.stage = row.stage, .kind = row.kind, .encrypted = row.encrypted};
    if (row.code != 0)
        failure.reply = smtp::Reply{.code = row.code, .status = {}, .lines = {row.text}};
    const auto reading = read_talk(plan(), failure);
    EXPECT_EQ(reading.outlook, row.outlook);
    EXPECT_THAT(reading.next, HasSubstr(row.next));
    EXPECT_FALSE(reading.cause.empty());
    EXPECT_FALSE(reading.steps.empty());
}

using enum Stage;

INSTANTIATE_TEST_SUITE_P(
    Table, TalkReadings,
    testing::Values(Row{"no_such_host", connect, ErrorKind::dns, 0, "", false, "0x800CCC0D", ""},
                    Row{"port_closed", connect, ErrorKind::refused, 0, "", false, "0x800CCC0E",
                        "send --as outlook --server mail.example.com:465 --tls implicit --login "
                        "anna@example.com --from anna@example.com --to bob@example.net"},
                    Row{"tls_failed", tls, ErrorKind::tls, 0, "", false, "0x800CCC1A", ""},
                    Row{"silent_banner", banner, ErrorKind::timeout, 0, "", false, "0x800CCC19",
                        "--tls implicit"},
                    Row{"no_starttls", starttls, ErrorKind::unsupported, 0, "", false, "0x800CCC7D",
                        ":465 --tls implicit"},
                    Row{"no_tls", mail, ErrorKind::refused, 530, "5.7.0 Encryption needed [R1]",
                        false, "0x800CCC7C", "--tls starttls"},
                    Row{"no_login", mail, ErrorKind::refused, 530, "5.7.0 Log in first [R2]", true,
                        "0x800CCC78", ""},
                    Row{"wrong_password", login, ErrorKind::refused, 535, "5.7.8 not accepted [R3]",
                        true, "", ""},
                    Row{"spa", login, ErrorKind::refused, 504, "5.5.4 SPA is not used here [R7]",
                        true, "0x800CCC80", ""},
                    Row{"no_login_offered", login, ErrorKind::unsupported, 0, "", true,
                        "0x800CCC80", ""},
                    Row{"other_sender", mail, ErrorKind::refused, 553, "5.7.1 may not send as [R8]",
                        true, "0x800CCC78", ""},
                    Row{"too_large_said", mail, ErrorKind::refused, 552,
                        "5.3.4 Message is 61 MB [R9]", true, "0x800CCC6D", ""},
                    Row{"relay_denied", rcpt, ErrorKind::refused, 550, "5.7.1 relaying denied",
                        true, "0x800CCC79", ""},
                    Row{"dropped", data, ErrorKind::closed, 0, "", true, "0x800CCC0F", ""},
                    Row{"slow_dot", content, ErrorKind::timeout, 0, "", true, "0x8004210B", ""},
                    Row{"too_large", content, ErrorKind::refused, 552,
                        "5.3.4 Message is 61 MB [R9]", true, "0x800CCC6D", ""},
                    Row{"old_tls_at_microsoft", banner, ErrorKind::refused, 421,
                        "4.7.66 TLS 1.0 and 1.1", true, "0x800CCC67", ""}),
    [](const auto& row) { return row.param.name; });

TalkReading of_certificate(net::CertificateFault fault) {
    return read_talk(plan(), {.stage = tls, .kind = ErrorKind::tls, .certificate = fault});
}

TEST(TalkReading, ACertificateIsNotExplainedAsTheWrongEncryption) {
    using enum net::CertificateFault;
    EXPECT_EQ(of_certificate(net::CertificateFault::name).outlook, "0x800CCC01");
    EXPECT_THAT(of_certificate(net::CertificateFault::name).cause, HasSubstr("does not match"));
    EXPECT_EQ(of_certificate(date).outlook, "0x800CCC02");
    EXPECT_THAT(of_certificate(date).cause, HasSubstr("not valid on this date"));
    EXPECT_EQ(of_certificate(untrusted).outlook, "");
    EXPECT_THAT(of_certificate(untrusted).cause, HasSubstr("issuer is not trusted"));
}

TEST(TalkReading, WhatIsNoSmtpIsToldByItsFirstLine) {
    const auto of_line = [](std::string line) {
        return read_talk(
            plan(), {.stage = banner, .kind = ErrorKind::refused, .foreign_line = std::move(line)});
    };
    for (const char* line : {"+OK POP3 ready", "* OK IMAP4rev1 ready"}) {
        const auto reading = of_line(line);
        EXPECT_EQ(reading.outlook, "0x800CCC60");
        EXPECT_THAT(reading.cause, HasSubstr("You have put the incoming server here"));
        EXPECT_FALSE(reading.steps.empty());
    }
    EXPECT_THAT(of_line("SSH-2.0-OpenSSH_9.2").cause, HasSubstr("an SSH server"));
    EXPECT_THAT(of_line("?").cause, HasSubstr("not a mail server"));
}

TEST(TalkReading, A554AtTheBannerIsAboutWhoConnects) {
    TalkFailure failure{.stage = banner, .kind = ErrorKind::refused};
    failure.reply = smtp::Reply{.code = 554, .status = {}, .lines = {"No SMTP service here"}};
    const auto reading = read_talk(plan(), failure);
    EXPECT_EQ(reading.outlook, "0x800CCC6F");
    EXPECT_THAT(reading.cause, HasSubstr("takes no mail"));
}

TEST(TalkReading, OldTlsThatIsRefusedIsTheDevicesAge) {
    auto old = plan();
    old.old_tls = true;
    const auto reading = read_talk(old, {.stage = tls, .kind = ErrorKind::tls});
    EXPECT_EQ(reading.outlook, "0x800CCC1A");
    EXPECT_THAT(reading.cause, HasSubstr("too old"));
}

}  // namespace
}  // namespace posthaste::app
