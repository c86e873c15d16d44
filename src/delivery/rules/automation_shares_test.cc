#include "delivery/rules/automation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using mail::Cause;
using std::chrono::hours;
using testing::HasSubstr;

class SharesTest : public testing::Test {
  protected:
    void use(std::string_view file) {
        auto verdicts = VerdictRules::make(file, "rules.toml");
        ASSERT_TRUE(verdicts) << verdicts.error().text;
        auto rules = AutomationRules::make(file, "rules.toml", **verdicts);
        ASSERT_TRUE(rules) << rules.error().text;
        automation_ =
            std::make_unique<Automation>(*rules, *verdicts, [this] { return now_; }, log_);
    }

    void SetUp() override { use(""); }

    static mail::Outcome outcome(int code, Cause cause = Cause::none) {
        mail::Outcome made;
        made.code = code;
        made.cause = cause;
        made.verdict = code < 400   ? mail::Verdict::delivered
                       : code < 500 ? mail::Verdict::deferred
                                    : mail::Verdict::failed;
        made.reply = "as they said";
        return made;
    }

    bool tried(int times, const mail::Outcome& what, const PathName& path = kPath) {
        bool began = false;
        for (int i = 0; i < times; ++i) began |= automation_->tried(path, {&what});
        return began;
    }

    inline static const PathName kPath{"", "mx:mx.example from s1", "s1", "anna@x.example"};

    Log log_{{.level = LogLevel::error}};
    store::QueueTime now_{hours(1000)};
    std::unique_ptr<Automation> automation_;
    const mail::Outcome good_ = outcome(250);
    const mail::Outcome unknown_ = outcome(550, Cause::invalid_recipient);
};

TEST_F(SharesTest, OneInTwentySlowsTheAccountAndThePathDown) {
    EXPECT_FALSE(tried(949, good_));
    EXPECT_FALSE(tried(50, unknown_)) << "not a thousand yet";
    EXPECT_TRUE(automation_->list().empty());
    EXPECT_TRUE(tried(1, good_));
    const auto list = automation_->list();
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].rule, "hard-bounce-share");
    EXPECT_THAT(list[0].applies, HasSubstr("anna@x.example"));
    EXPECT_THAT(list[0].what, HasSubstr("10/min"));
    EXPECT_THAT(list[0].last_reply, HasSubstr("50 of 1000 recipients do not exist"));
    EXPECT_THAT(list[0].last_reply, HasSubstr("550 as they said"));
    EXPECT_EQ(list[0].left, hours(4));
    EXPECT_EQ(list[1].rule, "hard-bounce-share-of-a-source");

    const auto over = automation_->of(kPath);
    ASSERT_TRUE(over.account_rate);
    EXPECT_EQ(over.account_rate->to_string(), "10/min");
    ASSERT_EQ(over.options.size(), 1U);
    EXPECT_EQ(over.options[0].value, "60/min");
    PathName other = kPath;
    other.account = "bob@x.example";
    EXPECT_FALSE(automation_->of(other).account_rate);
    now_ += hours(5);
    EXPECT_FALSE(automation_->of(kPath).account_rate);
}

TEST_F(SharesTest, FewerAreNothingAndAreCountedAnew) {
    EXPECT_FALSE(tried(951, good_));
    EXPECT_FALSE(tried(49, unknown_)) << "4.9 %";
    EXPECT_FALSE(tried(940, good_));
    EXPECT_TRUE(tried(60, unknown_));
}

TEST_F(SharesTest, WhatNobodySaidAndOtherRefusalsDoNotCount) {
    EXPECT_FALSE(tried(2000, outcome(0)));
    EXPECT_FALSE(tried(1000, outcome(550, Cause::policy)));
    EXPECT_FALSE(tried(1000, outcome(452, Cause::invalid_recipient)));
}

TEST_F(SharesTest, AnAccountThatIsSlowedDownHasItsTurns) {
    use("[[automation]]\nid = \"hard-bounce-share\"\nshare_of = \"hard_bounces\"\nshare = \"50%\"\n"
        "attempts = 10\nscope = \"account+site\"\nactions = [{ do = \"slow_account_at_site\", "
        "value = \"6/h,max_burst=1\" }]\n");
    EXPECT_TRUE(tried(10, unknown_));
    const auto over = automation_->of(kPath);
    EXPECT_FALSE(automation_->wait_of_account(kPath, over, 1));
    const auto wait = automation_->wait_of_account(kPath, over, 1);
    ASSERT_TRUE(wait);
    EXPECT_GT(*wait, Seconds(590));
    EXPECT_LE(*wait, Seconds(600));
    EXPECT_FALSE(automation_->wait_of_account(kPath, PathOverrides(), 1));
}

TEST_F(SharesTest, AnAccountMayGetItsMailBack) {
    use("[[automation]]\nid = \"stop-it\"\ntext = 'stop it'\ntrigger = \"immediate\"\n"
        "scope = \"account+site\"\nactions = [{ do = \"bounce_account_at_site\" }]\n");
    ReplyFacts reply;
    reply.code = 554;
    reply.text = "stop it";
    EXPECT_TRUE(automation_->observe(reply, Cause::policy, kPath).began);
    EXPECT_EQ(automation_->of(kPath).account_returned_by, "stop-it");
    EXPECT_THAT(automation_->of(kPath).account_reply, HasSubstr("554 stop it"));
    PathName other = kPath;
    other.account = "bob@x.example";
    EXPECT_EQ(automation_->of(other).account_returned_by, "");
    EXPECT_THAT(automation_->list().at(0).what, HasSubstr("comes back"));
}

TEST(ShareRules, MistakesAreNamed) {
    const auto bad = [](const std::string& text) {
        const auto rules = AutomationRules::make(
            "[[automation]]\nid = \"x\"\nactions = [{ do = \"suspend\" }]\n" + text, "rules.toml",
            VerdictRules::builtin());
        return rules ? std::string() : rules.error().text;
    };
    EXPECT_THAT(bad("share = \"5%\"\ntrigger = \"immediate\"\ntext = 'x'\n"),
                HasSubstr("share of what"));
    EXPECT_THAT(bad("share_of = \"hard_bounces\"\nshare = \"5\"\n"), HasSubstr("no share"));
    EXPECT_THAT(bad("share_of = \"hard_bounces\"\nshare = \"0%\"\n"), HasSubstr("no share"));
    EXPECT_THAT(bad("share_of = \"hard_bounces\"\nshare = \"5%\"\nattempts = 1\n"),
                HasSubstr("10 to"));
    EXPECT_EQ(bad("share_of = \"blocks\"\nshare = \"0.3%\"\n"), "");
    EXPECT_NE(bad("share_of = \"luck\"\nshare = \"5%\"\n"), "");
}

class ComplaintsTest : public SharesTest {
  protected:
    ComplaintsTest() { taken_.remote_host = "mx1.mx.example"; }

    bool complain(int times, const Complaint& about) {
        bool began = false;
        for (int i = 0; i < times; ++i) {
            Complaint one = about;
            one.id = QueueId::make();
            began |= automation_->complained(one);
        }
        return began;
    }

    static Complaint complaint() {
        return {{}, 0, "anna@x.example", "mx1.mx.example", true, "abuse"};
    }

    static PathName bulk() {
        PathName path = kPath;
        path.bulk = true;
        return path;
    }

    mail::Outcome taken_ = outcome(250);
};

TEST_F(ComplaintsTest, ThreeOfAThousandHoldTheNewslettersOfTheAccount) {
    tried(1000, taken_, bulk());
    EXPECT_FALSE(complain(2, complaint()));
    EXPECT_TRUE(complain(1, complaint()));
    const auto list = automation_->list();
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].rule, "complaint-share");
    EXPECT_THAT(list[0].last_reply, HasSubstr("3 of 1000 recipients complained"));
    EXPECT_THAT(list[0].last_reply, HasSubstr("abuse"));
    const auto over = automation_->of(bulk());
    EXPECT_TRUE(over.suspended_until);
    EXPECT_FALSE(over.whole_path);
    EXPECT_FALSE(automation_->of(kPath).suspended_until) << "its other mail goes on";
    PathName other = bulk();
    other.account = "bob@x.example";
    EXPECT_FALSE(automation_->of(other).suspended_until);
    now_ += hours(25);
    EXPECT_FALSE(automation_->of(bulk()).suspended_until);
}

TEST_F(ComplaintsTest, TooFewMailsOrTooFewComplaintsAreNothing) {
    tried(999, taken_, bulk());
    EXPECT_FALSE(complain(3, complaint())) << "of a thousand at least";
    EXPECT_TRUE(tried(1, taken_, bulk())) << "and there it is";
    tried(2000, taken_, bulk());
    EXPECT_FALSE(complain(5, complaint())) << "2.5 of a thousand";
    EXPECT_TRUE(complain(1, complaint()));
}

TEST_F(ComplaintsTest, WhatDoesNotCount) {
    tried(1000, taken_, bulk());
    tried(1000, outcome(451), bulk());  // not delivered: no part of the share
    Complaint other = complaint();
    other.host = "mx.elsewhere.example";
    EXPECT_FALSE(complain(9, other));
    other = complaint();
    other.account = "bob@x.example";
    EXPECT_FALSE(complain(9, other));
    other = complaint();
    other.bulk = false;
    EXPECT_FALSE(complain(9, other));
    other = complaint();
    other.host = "";
    EXPECT_FALSE(complain(9, other)) << "nobody knows who took it";
    other = complaint();
    other.id = QueueId::make();
    for (int i = 0; i < 9; ++i) EXPECT_FALSE(automation_->complained(other)) << "told once more";
    EXPECT_TRUE(complain(2, complaint()));
}

TEST_F(ComplaintsTest, TheyComeLongBehindALargeMailing) {
    tried(5000, taken_, bulk());
    EXPECT_FALSE(complain(14, complaint()));
    EXPECT_TRUE(complain(1, complaint()));
    // Far more is halved, so that a bad week still shows behind a good year.
    tried(50'000, taken_, bulk());
    EXPECT_TRUE(complain(30, complaint()));
}

TEST_F(ComplaintsTest, AMistakeInARuleIsToldWithItsLine) {
    const auto verdicts = VerdictRules::make("", "");
    const auto rules = AutomationRules::make(
        "[[automation]]\nid = \"a\"\nshare_of = \"complaints\"\nshare = \"1%\"\nmail = \"bulk\"\n"
        "scope = \"path\"\nactions = [{ do = \"notify\" }]\n",
        "rules.toml", **verdicts);
    ASSERT_FALSE(rules);
    EXPECT_THAT(rules.error().text, HasSubstr("rules.toml:5"));
}

}  // namespace
}  // namespace posthaste::delivery
