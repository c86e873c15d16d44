#include "delivery/rules/rule_file.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

TEST(ReplyLine, IsTakenApart) {
    const auto facts = read_reply_line(" 550 5.1.1  No such user \r\n");
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->code, 550);
    EXPECT_EQ(facts->status->to_string(), "5.1.1");
    EXPECT_EQ(facts->text, "No such user");
    EXPECT_EQ(facts->matter(), "550 5.1.1 No such user");
    EXPECT_EQ(read_reply_line("421-4.7.0 later")->status->to_string(), "4.7.0");
    EXPECT_FALSE(read_reply_line("550 4.1.1 x")->status) << "of another class";
    EXPECT_EQ(read_reply_line("550")->text, "");
    for (const char* line : {"", "55", "5.1.1", "999 x", "100 x", "5500 x", "hello", "0x800CCC0F"})
        EXPECT_FALSE(read_reply_line(line)) << line;
}

TEST(ReplyFacts, AddressesAreLeftOut) {
    ReplyFacts facts;
    facts.code = 550;
    facts.text = "<spam@example.org>: Sender a@b.example, (c@d) rejected";
    EXPECT_EQ(facts.matter(), "550 <>: Sender , () rejected");
}

TEST(MailProvider, OwnsBySuffixOrName) {
    const MailProvider provider{"p", {".example.com", "mx.example.net"}};
    EXPECT_TRUE(provider.owns("a.example.com"));
    EXPECT_TRUE(provider.owns("A.Example.COM."));
    EXPECT_TRUE(provider.owns("mx.example.net"));
    EXPECT_FALSE(provider.owns("example.com"));
    EXPECT_FALSE(provider.owns("badexample.com"));
    EXPECT_FALSE(provider.owns("a.mx.example.net"));
    EXPECT_FALSE(provider.owns(""));
}

struct DurationRow {
    const char* text;
    long seconds;  // 0: none
};

class Duration : public testing::TestWithParam<DurationRow> {};

TEST_P(Duration, Is) {
    const auto read = read_duration(GetParam().text);
    if (GetParam().seconds == 0) {
        EXPECT_FALSE(read);
    } else {
        EXPECT_EQ(read, Seconds(GetParam().seconds));
    }
}

INSTANTIATE_TEST_SUITE_P(All, Duration,
                         testing::Values(DurationRow{"90s", 90}, DurationRow{"15m", 900},
                                         DurationRow{"2h", 7200}, DurationRow{"4d", 345'600},
                                         DurationRow{"0s", 0}, DurationRow{"31d", 0},
                                         DurationRow{"5", 0}, DurationRow{"s", 0},
                                         DurationRow{"", 0}, DurationRow{"-5m", 0},
                                         DurationRow{"5 m", 0}, DurationRow{"5w", 0},
                                         DurationRow{"99999999999d", 0}));

TEST(RuleMatch, WhatIsNotKnownFits) {
    RuleMatch match;
    match.smarthost = true;
    match.stages = {Stage::rcpt};
    ReplyFacts facts;
    facts.code = 550;
    EXPECT_TRUE(match.fits(facts));
    facts.smarthost = false;
    EXPECT_FALSE(match.fits(facts));
    facts.smarthost = true;
    facts.stage = Stage::mail;
    EXPECT_FALSE(match.fits(facts));
    facts.stage = Stage::rcpt;
    match.codes = {{500, 599}};
    EXPECT_TRUE(match.fits(facts));
    match.statuses = {{0, 7, 28}};
    EXPECT_FALSE(match.fits(facts)) << "without a status";
    facts.status = mail::EnhancedStatus{5, 7, 28};
    EXPECT_TRUE(match.fits(facts));
    match.statuses = {{4, 7, 28}};
    EXPECT_FALSE(match.fits(facts));
}

TEST(Stage, KeysGoBothWays) {
    for (int i = 0; i <= static_cast<int>(Stage::final_dot); ++i) {
        const auto stage = static_cast<Stage>(i);
        EXPECT_EQ(stage_by_key(stage_key(stage)), stage);
        EXPECT_FALSE(to_string(stage).empty());
    }
    EXPECT_FALSE(stage_by_key("rctp"));
}

}  // namespace
}  // namespace posthaste::delivery
