#include "delivery/rules/automation.h"

#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using mail::Cause;
using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

constexpr const char* kTss04 =
    "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints";

// What the store would keep.
struct KeptRows {
    void apply(const store::Changes& changes) {
        for (const auto& change : changes) {
            if (const auto* put = std::get_if<store::PutKept>(&change)) {
                std::erase_if(rows, [&](const auto& row) { return row.key == put->row.key; });
                rows.push_back(put->row);
            } else if (const auto* remove = std::get_if<store::RemoveKept>(&change)) {
                std::erase_if(rows, [&](const auto& row) { return row.key == remove->key; });
            }
        }
    }

    std::vector<store::KeptRow> rows;
};

class AutomationTest : public testing::Test {
  protected:
    void use(std::string_view file) {
        auto verdicts = VerdictRules::make(file, "rules.toml");
        ASSERT_TRUE(verdicts) << verdicts.error().text;
        verdicts_ = *verdicts;
        auto rules = AutomationRules::make(file, "rules.toml", *verdicts_);
        ASSERT_TRUE(rules) << rules.error().text;
        rules_ = *rules;
        restart();
    }

    void SetUp() override { use(""); }

    void restart() {
        automation_ =
            std::make_unique<Automation>(rules_, verdicts_, [this] { return now_; }, log_);
        automation_->restore(kept_.rows);
    }

    void store() {
        store::Changes changes;
        automation_->take_changes(changes, 1000);
        kept_.apply(changes);
    }

    Automation::Effect see(const char* line, const std::string& host, const PathName& path) {
        auto facts = read_reply_line(line);
        EXPECT_TRUE(facts);
        facts->host = host;
        facts->stage = Stage::rcpt;
        facts->smarthost = false;
        const Reading reading = verdicts_->read(*facts);
        return automation_->observe(*facts, reading.cause, path);
    }

    Automation::Effect yahoo(const PathName& path = kYahoo) {
        return see(kTss04, "mta5.am0.yahoodns.net", path);
    }

    bool suspended(const PathName& path) const {
        return automation_->of(path).suspended_until.has_value();
    }

    inline static const PathName kYahoo{"yahoo", "mx:mta5.am0.yahoodns.net", "", "anna@x.example"};

    Log log_{{.level = LogLevel::error}};
    store::QueueTime now_{hours(1000)};
    KeptRows kept_;
    std::shared_ptr<const VerdictRules> verdicts_;
    std::shared_ptr<const AutomationRules> rules_;
    std::unique_ptr<Automation> automation_;
};

TEST_F(AutomationTest, TheSecondReplyWithinAnHourSuspendsTheProvider) {
    EXPECT_FALSE(yahoo().began);
    EXPECT_FALSE(suspended(kYahoo));
    now_ += minutes(59);
    EXPECT_TRUE(yahoo().began);
    const auto overrides = automation_->of(kYahoo);
    ASSERT_TRUE(overrides.suspended_until);
    EXPECT_TRUE(overrides.whole_path);
    EXPECT_EQ(overrides.suspended_by, "yahoo-tss04");
    EXPECT_TRUE(suspended({"yahoo", "mx:mta9.yahoodns.net", "", "bob@x.example"}))
        << "its other sites";
    EXPECT_FALSE(suspended({"google", "mx:aspmx.l.google.com", "", "anna@x.example"}));
    EXPECT_FALSE(suspended({"", "mx:mx.example.org", "", ""}));
    EXPECT_FALSE(suspended({"yahoo", "mx:mta5.am0.yahoodns.net", "ip-2", ""})) << "another source";
    const auto list = automation_->list();
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].rule, "yahoo-tss04");
    EXPECT_EQ(list[0].replies, 2U);
    EXPECT_EQ(list[0].left, Seconds(7200));
    EXPECT_THAT(list[0].first_reply, HasSubstr("[TSS04]"));
    EXPECT_THAT(list[0].last_reply, HasSubstr("[TSS04]"));
    EXPECT_EQ(list[0].last_host, "mta5.am0.yahoodns.net");
    now_ += hours(2);
    EXPECT_FALSE(suspended(kYahoo));
    EXPECT_TRUE(automation_->list().empty());
}

TEST_F(AutomationTest, TwoRepliesAnHourApartDoNothing) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(yahoo().began);
        now_ += hours(1);
    }
}

TEST_F(AutomationTest, TheWordsOfAnotherHostAreNotYahoos) {
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(see(kTss04, "mx.example.org", kYahoo).began);
}

TEST_F(AutomationTest, AnAnswerThatIsNoRefusalNeverCounts) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(see("250 2.0.0 [TSS04] ok", "mta5.am0.yahoodns.net", kYahoo).began);
    }
}

TEST_F(AutomationTest, AnotherReplyProlongsIt) {
    yahoo();
    yahoo();
    now_ += minutes(90);
    yahoo();
    yahoo();
    EXPECT_EQ(automation_->list()[0].left, Seconds(7200));
    EXPECT_EQ(automation_->list()[0].replies, 3U);
}

TEST_F(AutomationTest, SurvivesARestart) {
    yahoo();
    yahoo();
    store();
    ASSERT_EQ(kept_.rows.size(), 1U);
    now_ += minutes(30);
    restart();
    EXPECT_TRUE(suspended(kYahoo));
    const auto list = automation_->list();
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].left, Seconds(5400));
    EXPECT_EQ(list[0].replies, 2U);
    EXPECT_THAT(list[0].first_reply, HasSubstr("[TSS04]"));
    now_ += minutes(91);
    restart();
    EXPECT_FALSE(suspended(kYahoo));
}

TEST_F(AutomationTest, WhatHasEndedLeavesTheStore) {
    yahoo();
    yahoo();
    store();
    now_ += hours(3);
    store();
    EXPECT_TRUE(kept_.rows.empty());
}

TEST_F(AutomationTest, IsClearedByRuleProviderOrName) {
    for (const char* which : {"yahoo-tss04", "yahoo", "yahoo-tss04 yahoo", ""}) {
        yahoo();
        yahoo();
        ASSERT_TRUE(suspended(kYahoo));
        EXPECT_EQ(automation_->clear("google"), 0U);
        EXPECT_EQ(automation_->clear(which), 1U) << which;
        EXPECT_FALSE(suspended(kYahoo));
        store();
        EXPECT_TRUE(kept_.rows.empty());
    }
}

TEST_F(AutomationTest, DamagedRowsAreLeftOut) {
    kept_.rows.push_back({std::string(Automation::kKind), "a", "no json", {}});
    kept_.rows.push_back({std::string(Automation::kKind), "b", R"({"rule":"gone","until":1})", {}});
    kept_.rows.push_back({std::string(Automation::kKind), "c", R"({"rule":"yahoo-tss04"})", {}});
    restart();
    EXPECT_TRUE(automation_->list().empty());
}

TEST_F(AutomationTest, SiteOfNobodyWeKnowIsHeldAlone) {
    const PathName site{"", "mx:mx.example.org", "", ""};
    const char* line = "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org";
    for (int i = 0; i < 3; ++i) see(line, "mx.example.org", site);
    EXPECT_TRUE(suspended(site));
    EXPECT_FALSE(suspended({"", "mx:mx.example.net", "", ""}));
}

constexpr const char* kOwn = R"(
[[automation]]
id = "own-account"
text = "slow down, you"
trigger = "immediate"
scope = "account+site"
duration = "10m"
actions = [{ do = "suspend_account" }]
[[automation]]
id = "own-option"
text = "fewer please"
trigger = "immediate"
duration = "10m"
actions = [{ do = "set", option = "connection_limit", value = "1" }, { do = "use_other_source" }]
[[automation]]
id = "own-turn"
text = "come tomorrow"
trigger = "immediate"
actions = [{ do = "treat_as_temporary" }, { do = "retry_after", value = "20h" }]
[[automation]]
id = "own-final"
text = "never ever"
trigger = "immediate"
actions = [{ do = "treat_as_permanent" }]
[[automation]]
id = "yahoo-tss04"
provider = "yahoo"
text = 'TSS04'
trigger = "immediate"
scope = "source+provider"
duration = "5m"
actions = [{ do = "suspend" }]
)";

TEST_F(AutomationTest, OperatorsRulesActToo) {
    use(kOwn);
    const PathName anna{"", "mx:a", "", "anna@x.example"};
    const PathName bob{"", "mx:a", "", "bob@x.example"};
    EXPECT_TRUE(see("450 slow down, you", "a", anna).began);
    EXPECT_TRUE(suspended(anna));
    EXPECT_FALSE(automation_->of(anna).whole_path);
    EXPECT_FALSE(suspended(bob));
    EXPECT_FALSE(suspended({"", "mx:b", "", "anna@x.example"}));
    EXPECT_FALSE(see("450 slow down, you", "a", {"", "mx:a", "", ""}).began)
        << "mail of no account holds nobody's back";

    EXPECT_TRUE(see("450 fewer please", "a", bob).began);
    const auto overrides = automation_->of(bob);
    ASSERT_EQ(overrides.options.size(), 1U);
    EXPECT_EQ(overrides.options[0].option, "connection_limit");
    EXPECT_EQ(overrides.options[0].value, "1");
    EXPECT_TRUE(overrides.use_other_source);
    EXPECT_FALSE(overrides.suspended_until);

    const auto turned = see("550 come tomorrow", "a", bob);
    EXPECT_TRUE(turned.temporary);
    EXPECT_EQ(turned.retry_after, Seconds(72'000));
    EXPECT_FALSE(turned.began) << "nothing stays in force";
    EXPECT_TRUE(see("450 never ever", "a", bob).permanent);

    yahoo();
    EXPECT_EQ(automation_->list().back().left, Seconds(300)) << "in place of ours";
}

TEST_F(AutomationTest, StaysBounded) {
    for (int i = 0; i < 30'000; ++i) {
        const PathName site{"", fmt::format("mx:host{}", i), "", ""};
        see("554 5.7.1 blocked using zen.spamhaus.org", "h", site);
        now_ += Milliseconds(1);
    }
    EXPECT_LE(automation_->list().size(), Automation::kMostOverrides);
}

struct MistakeRow {
    const char* name;
    const char* rule;
    const char* says;
};

class AutomationMistake : public testing::TestWithParam<MistakeRow> {};

TEST_P(AutomationMistake, IsTold) {
    const std::string file = std::string("[[automation]]\nid = \"a\"\n") + GetParam().rule;
    const auto rules = AutomationRules::make(file, "rules.toml", VerdictRules::builtin());
    ASSERT_FALSE(rules);
    EXPECT_THAT(rules.error().text, HasSubstr("rules.toml:"));
    EXPECT_THAT(rules.error().text + rules.error().mend, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, AutomationMistake,
    testing::Values(
        MistakeRow{"no_action", "text = \"a\"\ntrigger = \"immediate\"\n", "does nothing"},
        MistakeRow{"trigger", "text = \"a\"\ntrigger = \"2/x\"\nactions = [{ do = \"suspend\" }]\n",
                   "2/1h"},
        MistakeRow{"none", "text = \"a\"\ntrigger = \"0/1h\"\nactions = [{ do = \"suspend\" }]\n",
                   "2/1h"},
        MistakeRow{"action",
                   "text = \"a\"\ntrigger = \"immediate\"\nactions = [{ do = \"suspnd\" }]\n",
                   "suspend"},
        MistakeRow{"option",
                   "text = \"a\"\ntrigger = \"immediate\"\n"
                   "actions = [{ do = \"set\", option = \"conection_limit\", value = \"1\" }]\n",
                   "connection_limit"},
        MistakeRow{"value",
                   "text = \"a\"\ntrigger = \"immediate\"\n"
                   "actions = [{ do = \"set\", option = \"connection_limit\" }]\n",
                   "value"},
        MistakeRow{"everything", "trigger = \"immediate\"\nactions = [{ do = \"suspend\" }]\n",
                   "every reply"},
        MistakeRow{"scope",
                   "text = \"a\"\ntrigger = \"immediate\"\nscope = \"site\"\n"
                   "actions = [{ do = \"suspend\" }]\n",
                   "scope"},
        MistakeRow{"provider",
                   "text = \"a\"\ntrigger = \"immediate\"\nprovider = \"nobody\"\n"
                   "actions = [{ do = \"suspend\" }]\n",
                   "no provider"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(BuiltInAutomation, EachRuleFitsWhatItNames) {
    const VerdictRules& verdicts = VerdictRules::builtin();
    const auto rules = AutomationRules::make("", "", verdicts);
    ASSERT_TRUE(rules) << rules.error().text;
    EXPECT_GE((*rules)->all().size(), 10U);
    std::set<std::string> ids;
    for (std::size_t i = 0; i < (*rules)->all().size(); ++i) {
        const AutomationRule& rule = (*rules)->all()[i];
        EXPECT_TRUE(ids.insert(rule.match.id).second);
        EXPECT_FALSE(rule.note.empty()) << rule.match.id;
        if (rule.share) continue;  // of no reply by itself
        EXPECT_TRUE(rule.match.source_url.starts_with("https://")) << rule.match.id;
        EXPECT_EQ(rule.match.checked_on.size(), 10U) << rule.match.id;
        EXPECT_FALSE(rule.note.empty()) << rule.match.id;
        EXPECT_FALSE(rule.match.matches.empty()) << rule.match.id;
        const auto fits = [&](const std::string& line) {
            auto facts = read_reply_line(line);
            EXPECT_TRUE(facts) << line;
            for (const auto& provider : verdicts.providers()) {
                if (provider.name == rule.match.provider)
                    facts->host = "mx" + provider.hosts.front();
            }
            const Reading reading = verdicts.read(*facts);
            const auto found =
                (*rules)->find(*facts, verdicts.provider_of(facts->host), reading.cause);
            return std::ranges::find(found, i) != found.end();
        };
        for (const auto& line : rule.match.matches)
            EXPECT_TRUE(fits(line)) << rule.match.id << line;
        for (const auto& line : rule.match.differs)
            EXPECT_FALSE(fits(line)) << rule.match.id << line;
    }
}

}  // namespace
}  // namespace posthaste::delivery
