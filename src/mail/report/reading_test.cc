#include "mail/report/reading.h"

#include "mail/dsn/dsn.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string load(const std::string& name) {
    std::ifstream file(std::string(POSTHASTE_BOUNCES) + "/" + name + ".eml", std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

struct Expected {
    std::string name;
    Kind kind = Kind::unknown;
    unsigned least = 0;  // confidence
    unsigned most = 100;
    Action action = Action::unknown;
    std::string address{};  // of the first recipient
    std::string status{};
    int code = 0;
    std::string basis{};
};

const Expected kCorpus[] = {
    {"dsn-postfix", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "5.1.1", 550, "dsn"},
    {"dsn-sendmail", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "5.7.1", 550,
     "dsn"},
    {"dsn-exchange-online", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "5.1.10",
     550, "dsn"},
    {"dsn-gmail", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "5.1.1", 550, "dsn"},
    {"dsn-delayed", Kind::bounce, 100, 100, Action::delayed, "bob@example.org", "4.4.1", 0, "dsn"},
    {"dsn-expired", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "4.4.1", 0, "dsn"},
    {"dsn-several", Kind::bounce, 100, 100, Action::failed, "robert@inner.example.org", "5.2.2",
     552, "dsn"},
    {"dsn-global", Kind::bounce, 100, 100, Action::failed, "j\xc3\xb6rg@example.org", "5.1.1", 550,
     "dsn"},
    {"dsn-xtext", Kind::bounce, 100, 100, Action::failed, "bob+shop@example.org", "5.1.1", 0,
     "dsn"},
    {"dsn-missing-fields", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "5.0.0", 0,
     "dsn"},
    {"dsn-one-group", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "5.1.0", 550,
     "dsn"},
    {"dsn-base64", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "5.1.1", 0, "dsn"},
    {"dsn-nested", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "5.4.1", 0, "dsn"},
    {"dsn-cut-off", Kind::bounce, 100, 100, Action::failed, "bob@example.org", "5.1.1", 0, "dsn"},
    {"dsn-delivered", Kind::bounce, 100, 100, Action::delivered, "bob@example.org", "2.1.5", 0,
     "dsn"},
    {"prose-qmail", Kind::bounce, 90, 95, Action::failed, "bob@example.org", "5.1.1", 0, "qmail"},
    {"prose-exim", Kind::bounce, 95, 95, Action::failed, "bob@example.org", "5.1.1", 0,
     "X-Failed-Recipients"},
    {"prose-exim-old", Kind::bounce, 85, 95, Action::failed, "bob@example.org", "", 0, "Exim"},
    {"prose-exim-delay", Kind::bounce, 85, 95, Action::delayed, "bob@example.org", "", 0, "Exim"},
    {"prose-exchange55", Kind::bounce, 80, 95, Action::failed, "bob@example.org", "", 0,
     "Exchange"},
    {"prose-exchange-german", Kind::bounce, 80, 95, Action::failed, "bob@example.org", "5.1.1", 0,
     "Exchange"},
    {"prose-domino", Kind::bounce, 80, 95, Action::failed, "bob@example.org", "", 0, "Domino"},
    {"prose-gmx", Kind::bounce, 85, 95, Action::failed, "bob@example.org", "", 0, "GMX"},
    {"prose-yahoo", Kind::bounce, 85, 95, Action::failed, "bob@example.org", "", 554, "Yahoo"},
    {"prose-gmail-old", Kind::bounce, 95, 95, Action::failed, "bob@example.org", "5.2.1", 0,
     "X-Failed-Recipients"},
    {"prose-html", Kind::bounce, 80, 95, Action::failed, "bob@example.org", "5.2.2", 0, "Exchange"},
    {"prose-french", Kind::bounce, 65, 90, Action::failed, "bob@example.org", "5.1.1", 0, "prose"},
    {"prose-no-address", Kind::bounce, 50, 65, Action::unknown, "", "", 0, "prose"},
    {"prose-forwarded", Kind::bounce, 0, 55},
    {"auto-out-of-office", Kind::automatic_reply},
    {"auto-vacation", Kind::automatic_reply},
    {"auto-abwesenheit", Kind::automatic_reply},
    {"auto-left-company", Kind::automatic_reply},
    {"auto-ticket", Kind::automatic_reply},
    {"arf-abuse", Kind::complaint, 100, 100, Action::unknown, "", "", 0, "abuse"},
    {"arf-redacted", Kind::complaint, 100, 100, Action::unknown, "", "", 0, "abuse"},
    {"arf-opt-out", Kind::complaint, 100, 100, Action::unknown, "", "", 0, "opt-out"},
    {"arf-fraud", Kind::complaint, 100, 100, Action::unknown, "", "", 0, "fraud"},
    {"arf-not-spam", Kind::feedback, 100, 100, Action::unknown, "", "", 0, "not-spam"},
    {"arf-auth-failure", Kind::feedback, 100, 100, Action::unknown, "", "", 0, "auth-failure"},
    {"human-letter", Kind::unknown},
    {"unknown-empty", Kind::unknown},
    {"list-digest", Kind::unknown},
};

TEST(Reading, corpus_is_read_as_a_person_would) {
    for (const Expected& expected : kCorpus) {
        SCOPED_TRACE(expected.name);
        const Reading reading = read_report(load(expected.name));
        EXPECT_EQ(reading.kind, expected.kind);
        EXPECT_GE(reading.confidence, expected.least);
        EXPECT_LE(reading.confidence, expected.most);
        if (!expected.basis.empty()) EXPECT_EQ(reading.basis, expected.basis);
        if (expected.address.empty()) continue;
        ASSERT_FALSE(reading.report.recipients.empty());
        const ReportedRecipient& one = reading.report.recipients.front();
        EXPECT_EQ(one.final_address, expected.address);
        EXPECT_EQ(one.action, expected.action);
        EXPECT_EQ(one.status ? one.status->to_string() : "", expected.status);
        if (expected.code != 0) EXPECT_EQ(one.code, expected.code);
    }
}

TEST(Reading, every_file_of_the_corpus_is_expected_to_be_something) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(POSTHASTE_BOUNCES))
        names.insert(entry.path().stem().string());
    EXPECT_GE(names.size(), 30U);
    for (const Expected& expected : kCorpus) names.erase(expected.name);
    EXPECT_THAT(names, IsEmpty());
}

TEST(Reading, line_ends_make_no_difference) {
    for (const Expected& expected : kCorpus) {
        SCOPED_TRACE(expected.name);
        const std::string unix = load(expected.name);
        std::string network;
        for (const char c : unix) {
            if (c == '\n') network += '\r';
            network += c;
        }
        const Reading a = read_report(unix);
        const Reading b = read_report(network);
        EXPECT_EQ(a.kind, b.kind);
        EXPECT_EQ(a.confidence, b.confidence);
        EXPECT_EQ(a.original.message_id, b.original.message_id);
        ASSERT_EQ(a.report.recipients.size(), b.report.recipients.size());
        for (std::size_t i = 0; i < a.report.recipients.size(); ++i)
            EXPECT_EQ(a.report.recipients[i].diagnostic, b.report.recipients[i].diagnostic);
    }
}

TEST(Reading, original_is_known_by_its_header_wherever_it_stands) {
    for (const std::string name : {"dsn-postfix", "dsn-gmail", "dsn-nested", "dsn-cut-off",
                                   "prose-qmail", "prose-exim", "prose-gmx", "arf-abuse"}) {
        SCOPED_TRACE(name);
        const Reading reading = read_report(load(name));
        EXPECT_EQ(reading.original.message_id, "<offer-1@example.com>");
        EXPECT_EQ(reading.original.return_path,
                  "b+aeaztsqpkyvz2f7rccbxi4tnmnuxgzlsfvqxiylj@bounce.example.com");
    }
    EXPECT_EQ(read_report(load("arf-redacted")).original.reference,
              "aeaztsqpkyvz2f7rccbxi4tnmnuxgzlsfvqxi");
    EXPECT_THAT(read_report(load("arf-redacted")).original.recipients, IsEmpty());
}

TEST(Reading, several_recipients_each_have_their_own_fate) {
    const Reading reading = read_report(load("dsn-several"));
    ASSERT_THAT(reading.report.recipients, SizeIs(3));
    EXPECT_EQ(reading.report.envelope_id, "QQ314159");
    EXPECT_EQ(reading.report.recipients[0].original_address, "bob@example.org");
    EXPECT_EQ(reading.report.recipients[1].action, Action::relayed);
    EXPECT_EQ(reading.report.recipients[2].action, Action::failed);
    EXPECT_EQ(reading.report.recipients[2].final_address, "dave@example.org");
    EXPECT_EQ(read_report(load("dsn-xtext")).report.envelope_id, "QQ=314159");
}

TEST(Reading, complaint_says_who_complained_of_what) {
    const Reading reading = read_report(load("arf-abuse"));
    EXPECT_EQ(reading.feedback.original_sender, "b+token@bounce.example.com");
    EXPECT_THAT(reading.feedback.original_recipients, ElementsAre("bob@example.org"));
    EXPECT_THAT(reading.feedback.domains, ElementsAre("example.com"));
    EXPECT_EQ(reading.feedback.source_ip, "192.0.2.10");
}

TEST(Reading, addresses_in_the_returned_message_are_not_the_bounced_one) {
    for (const std::string name : {"prose-qmail", "prose-exim", "prose-yahoo", "prose-gmx"}) {
        SCOPED_TRACE(name);
        EXPECT_THAT(read_report(load(name)).report.recipients, SizeIs(1));
    }
}

TEST(Reading, reports_of_our_own_read_back) {
    DsnInput input;
    input.hostname = "mail.example.com";
    input.admin = "admin@example.com";
    input.original_id = QueueId::make();
    input.id = QueueId::make();
    input.sender = *Mailbox::parse("ana@example.com");
    input.envid = "QQ+3D314159";
    input.arrived = input.now = now();
    input.original_header = "Subject: Offer\r\nMessage-ID: <offer-1@example.com>\r\n";
    DsnRecipient one;
    one.recipient.address = *Mailbox::parse("bob@example.org");
    one.recipient.orcpt = "rfc822;Robert@example.org";
    one.outcome.verdict = Verdict::failed;
    one.outcome.status = {5, 1, 1};
    one.outcome.code = 550;
    one.outcome.reply = "5.1.1 <bob@example.org>: no such user";
    one.outcome.remote_host = "mx.example.org";
    one.outcome.cause = Cause::invalid_recipient;
    one.attempts = 1;
    one.last_attempt = now();
    input.recipients.push_back(one);
    for (const Language language : kLanguages) {
        input.language = language;
        for (const auto& [made, read] : {std::pair{DsnAction::failed, Action::failed},
                                         {DsnAction::delayed, Action::delayed}}) {
            input.action = made;
            const DsnMessage dsn = make_dsn(input);
            const Reading reading = read_report(dsn.header + "\r\n" + dsn.body);
            ASSERT_EQ(reading.kind, Kind::bounce);
            EXPECT_EQ(reading.confidence, 100U);
            EXPECT_EQ(reading.report.reporter, "mail.example.com");
            EXPECT_EQ(reading.report.envelope_id, "QQ=314159");
            EXPECT_EQ(reading.original.message_id, "<offer-1@example.com>");
            ASSERT_THAT(reading.report.recipients, SizeIs(1));
            const ReportedRecipient& back = reading.report.recipients.front();
            EXPECT_EQ(back.final_address, "bob@example.org");
            EXPECT_EQ(back.original_address, "Robert@example.org");
            EXPECT_EQ(back.action, read);
            EXPECT_EQ(back.code, 550);
            EXPECT_EQ(back.remote, "mx.example.org");
            EXPECT_THAT(back.diagnostic, HasSubstr("no such user"));
        }
    }
}

TEST(DeliveryReport, address_is_read_through_what_stands_around_it) {
    EXPECT_EQ(read_typed_address("rfc822;bob@example.org"), "bob@example.org");
    EXPECT_EQ(read_typed_address("RFC822 ; <bob@example.org>"), "bob@example.org");
    EXPECT_EQ(read_typed_address("bob@example.org (Bob)"), "bob@example.org");
    EXPECT_EQ(read_typed_address("utf-8; j\\x{F6}rg@example.org"), "j\xc3\xb6rg@example.org");
    EXPECT_EQ(read_typed_address("rfc822; \"odd @ local\"@example.org"),
              "\"odd @ local\"@example.org");
    EXPECT_EQ(read_typed_address("unknown"), "");
    EXPECT_EQ(read_typed_address("x-local; bob"), "");
    EXPECT_EQ(read_typed_address("rfc822;" + std::string(400, 'a') + "@example.org"), "");
}

TEST(DeliveryReport, codes_and_versions_are_told_apart) {
    EXPECT_EQ(code_in("550 5.1.1 no"), 550);
    EXPECT_EQ(code_in("550-5.1.1 no"), 550);
    EXPECT_EQ(code_in("host said: 451 later"), 451);
    EXPECT_EQ(code_in("192.0.2.1 said no"), 0);
    EXPECT_EQ(code_in("5.1.1 no"), 0);
    EXPECT_EQ(code_in("999 no"), 0);
    EXPECT_EQ(code_in(""), 0);
    EXPECT_EQ(status_in("Postfix 3.5.1 at 192.5.1.1: 5.7.1.")->to_string(), "5.7.1");
    EXPECT_FALSE(status_in("version 15.1.1"));
    EXPECT_FALSE(status_in("5.1"));
}

TEST(Reading, bounds_hold_for_what_is_made_to_hurt) {
    std::string deep = "Content-Type: multipart/mixed; boundary=b0\r\n\r\n";
    for (int i = 0; i < 1000; ++i)
        deep += "--b" + std::to_string(i) + "\r\nContent-Type: multipart/mixed; boundary=b" +
                std::to_string(i + 1) + "\r\n\r\n";
    EXPECT_EQ(read_report(deep).kind, Kind::unknown);

    std::string many =
        "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: "
        "message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n";
    for (int i = 0; i < 5000; ++i)
        many += "Final-Recipient: rfc822; a" + std::to_string(i) +
                "@example.org\r\nAction: failed\r\n\r\n";
    EXPECT_THAT(read_report(many).report.recipients, SizeIs(DeliveryReport::kMostRecipients));

    const std::string ats = "From: mailer-daemon@x.example\r\nSubject: failure notice\r\n\r\n" +
                            std::string(500'000, '@');
    EXPECT_THAT(read_report(ats).report.recipients, IsEmpty());
    const std::string lines = "Subject: failure notice\r\n\r\n" + [] {
        std::string text;
        for (int i = 0; i < 50'000; ++i) text += "a@b.example\r\n";
        return text;
    }();
    EXPECT_LE(read_report(lines).report.recipients.size(), 50U);
}

}  // namespace
}  // namespace posthaste::mail::report
