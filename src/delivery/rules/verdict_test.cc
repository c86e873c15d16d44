#include "delivery/rules/verdict.h"

#include "delivery/rules/rules_text.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using mail::Actor;
using mail::Cause;
using testing::HasSubstr;

// A reply as the rule would see it: from its provider's host, at the first of its stages.
ReplyFacts as_for(const RuleMatch& rule, const std::string& line) {
    auto facts = read_reply_line(line);
    EXPECT_TRUE(facts) << rule.id << ": " << line;
    if (!facts) return {};
    for (const MailProvider& provider : VerdictRules::builtin().providers()) {
        if (provider.name != rule.provider) continue;
        const std::string& end = provider.hosts.front();
        facts->host = end.starts_with('.') ? "mx1" + end : end;
    }
    if (facts->host.empty()) facts->host = "mx.example.org";
    facts->stage = rule.stages.empty() ? Stage::rcpt : rule.stages.front();
    facts->smarthost = rule.smarthost.value_or(false);
    return *facts;
}

class EachRule : public testing::TestWithParam<const RuleMatch*> {};

TEST_P(EachRule, DecidesAboutWhatItNames) {
    const RuleMatch& rule = *GetParam();
    EXPECT_FALSE(rule.matches.empty()) << "a rule without an example is no rule";
    for (const std::string& line : rule.matches) {
        EXPECT_EQ(VerdictRules::builtin().read(as_for(rule, line)).rule, rule.id) << line;
    }
    for (const std::string& line : rule.differs) {
        EXPECT_NE(VerdictRules::builtin().read(as_for(rule, line)).rule, rule.id) << line;
    }
}

TEST_P(EachRule, SaysWhereItComesFrom) {
    const RuleMatch& rule = *GetParam();
    EXPECT_TRUE(rule.source_url.starts_with("https://")) << rule.id;
    EXPECT_EQ(rule.checked_on.size(), 10U) << rule.id;
    EXPECT_GE(rule.checked_on, "2026-01-01") << rule.id;
    EXPECT_FALSE(rule.text.empty() && rule.statuses.empty() && rule.codes.empty())
        << rule.id << " fits everything";
    EXPECT_TRUE(std::ranges::all_of(rule.id, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    })) << rule.id;
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, EachRule, testing::ValuesIn(VerdictRules::builtin().rules()),
                         [](const auto& row) {
                             std::string name = row.param->id;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(VerdictRules, AreMany) {
    std::set<std::string> ids;
    std::size_t of_providers = 0;
    for (const RuleMatch* rule : VerdictRules::builtin().rules()) {
        EXPECT_TRUE(ids.insert(rule->id).second) << rule->id;
        if (!rule->provider.empty()) ++of_providers;
    }
    EXPECT_GE(ids.size(), 140U);
    EXPECT_GE(of_providers, 50U);
}

struct CauseRow {
    const char* line;
    Cause cause;
    const char* rule;
};

class CauseOfReply : public testing::TestWithParam<CauseRow> {};

TEST_P(CauseOfReply, Is) {
    auto facts = read_reply_line(GetParam().line);
    ASSERT_TRUE(facts);
    facts->host = "mx.example.org";
    facts->smarthost = false;
    const Reading reading = VerdictRules::builtin().read(*facts);
    EXPECT_EQ(to_string(reading.cause), to_string(GetParam().cause)) << reading.rule;
    EXPECT_EQ(reading.rule, GetParam().rule);
    EXPECT_FALSE(reading.words.empty());
    EXPECT_FALSE(reading.advice.empty());
}

// Codes alone, and what stands in addresses.
INSTANTIATE_TEST_SUITE_P(
    All, CauseOfReply,
    testing::Values(CauseRow{"550 5.1.1", Cause::invalid_recipient, "status 5.1.1"},
                    CauseRow{"552 5.2.2", Cause::mailbox_full, "status 5.2.2"},
                    CauseRow{"552 no", Cause::too_large, "code 552"},
                    CauseRow{"450 4.4.5 hm", Cause::rate_limited, "status 4.4.5"},
                    CauseRow{"556 5.1.10 no", Cause::null_mx, "status 5.1.10"},
                    CauseRow{"550 5.7.1 Not today", Cause::policy, "status 5.7.1"},
                    CauseRow{"550 5.7.77 whatever", Cause::policy, "status x.7"},
                    CauseRow{"550 Requested action not taken", Cause::unknown, ""},
                    CauseRow{"450", Cause::unknown, ""},
                    CauseRow{"550 5.7.1 <spam@blacklist.example>: no", Cause::policy,
                             "status 5.7.1"},
                    CauseRow{"550 5.1.1 <greylist@example.org> nobody", Cause::invalid_recipient,
                             "status 5.1.1"}));

TEST(Verdict, RulesOfAProviderAreForItsHostsAlone) {
    auto facts = read_reply_line("421 4.7.0 [TSS04] Messages temporarily deferred");
    ASSERT_TRUE(facts);
    const auto rule_at = [&](const char* host) {
        facts->host = host;
        return VerdictRules::builtin().read(*facts).rule;
    };
    EXPECT_EQ(rule_at("mta5.am0.yahoodns.net"), "yahoo-tss04");
    EXPECT_EQ(rule_at("MTA5.AM0.YAHOODNS.NET."), "yahoo-tss04");
    EXPECT_NE(rule_at("mx.yahoodns.net.example.org"), "yahoo-tss04");
    EXPECT_NE(rule_at(""), "yahoo-tss04");
    facts->any_provider = true;
    EXPECT_EQ(rule_at(""), "yahoo-tss04") << "nothing is known: any provider may have said it";
}

TEST(Verdict, ASiteIsAProvidersIfAllItsHostsAre) {
    const VerdictRules& rules = VerdictRules::builtin();
    const std::vector<std::string> yahoo{"mta5.am0.yahoodns.net", "mta6.am0.yahoodns.net"};
    const std::vector<std::string> mixed{"mta5.am0.yahoodns.net", "mx.example.org"};
    const std::vector<std::string> two{"mta5.am0.yahoodns.net", "aspmx.l.google.com"};
    EXPECT_EQ(rules.provider_of(yahoo), "yahoo");
    EXPECT_EQ(rules.provider_of(mixed), "");
    EXPECT_EQ(rules.provider_of(two), "");
    EXPECT_EQ(rules.provider_of(std::span<const std::string>()), "");
}

TEST(Verdict, AFinalReplyAboutOurReputeIsTurned) {
    auto facts =
        read_reply_line("554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org");
    ASSERT_TRUE(facts);
    const Reading reading = VerdictRules::builtin().read(*facts);
    EXPECT_EQ(reading.turn, Turn::defer);
    EXPECT_EQ(reading.limit, Seconds(86'400));
    EXPECT_EQ(reading.actor, Actor::our_administrator);
}

TEST(Verdict, OnlyATemporaryReplyMakesOneWait) {
    const auto wait = [](const char* line) {
        return VerdictRules::builtin().read(*read_reply_line(line)).retry_after;
    };
    EXPECT_EQ(wait("451 4.7.1 try again in 300 seconds"), Seconds(300));
    EXPECT_FALSE(wait("550 5.7.1 try again in 300 seconds"));
}

// A reply takes a matter of microseconds, not of milliseconds, once the first ones are read.
TEST(Verdict, IsQuick) {
    const VerdictRules& rules = VerdictRules::builtin();
    std::vector<ReplyFacts> replies;
    for (const RuleMatch* rule : rules.rules()) {
        for (const std::string& line : rule->matches) replies.push_back(as_for(*rule, line));
    }
    for (const ReplyFacts& reply : replies) rules.read(reply);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i) {
        for (const ReplyFacts& reply : replies) rules.read(reply);
    }
    const auto each = (std::chrono::steady_clock::now() - begin) / (10 * replies.size());
    RecordProperty("microseconds", static_cast<int>(each / std::chrono::microseconds(1)));
    EXPECT_LT(each, std::chrono::milliseconds(5));
}

TEST(Verdict, LongAndOddRepliesAreRead) {
    ReplyFacts facts;
    facts.code = 550;
    facts.text = std::string(5'000'000, '(') + "user unknown";
    EXPECT_LE(facts.matter().size(), 2048U);
    EXPECT_EQ(VerdictRules::builtin().read(facts).cause, Cause::unknown) << "cut before it";
    facts.text = std::string("user\0 unknown \xff\xfe", 16);
    EXPECT_EQ(VerdictRules::builtin().read(facts).cause, Cause::unknown);
}

constexpr const char* kOperator = R"(
[provider]
ours = ["mx.partner.example"]
[[rule]]
id = "partner-lunch"
provider = "ours"
class = "rate_limited"
text = "at lunch"
action = "defer"
limit = "2h"
retry_after = "1h"
who = "nobody"
note = "They are at lunch."
[[rule]]
id = "spamhaus"
class = "policy"
text = "spamhaus"
)";

TEST(OperatorRules, ComeFirst) {
    const auto rules = VerdictRules::make(kOperator, "rules.toml");
    ASSERT_TRUE(rules) << rules.error().text;
    auto facts = read_reply_line("550 5.1.1 user unknown, at lunch");
    facts->host = "mx.partner.example";
    const Reading reading = (*rules)->read(*facts);
    EXPECT_EQ(reading.rule, "partner-lunch");
    EXPECT_EQ(reading.cause, Cause::rate_limited);
    EXPECT_EQ(reading.turn, Turn::defer);
    EXPECT_EQ(reading.limit, Seconds(7200));
    EXPECT_EQ(reading.retry_after, Seconds(3600));
    EXPECT_EQ(reading.words, "They are at lunch.");
    facts->host = "mx.other.example";
    EXPECT_EQ((*rules)->read(*facts).rule, "user-unknown");
    facts = read_reply_line("554 blocked using zen.spamhaus.org");
    EXPECT_EQ((*rules)->read(*facts).cause, Cause::policy) << "one of the same id replaces ours";
}

struct MistakeRow {
    const char* name;
    const char* file;
    const char* where;
    const char* says;
};

class Mistake : public testing::TestWithParam<MistakeRow> {};

TEST_P(Mistake, IsToldWithItsLine) {
    const auto rules = VerdictRules::make(GetParam().file, "rules.toml");
    ASSERT_FALSE(rules);
    EXPECT_EQ(rules.error().kind, ErrorKind::syntax);
    EXPECT_THAT(rules.error().text, HasSubstr(GetParam().where));
    EXPECT_THAT(rules.error().text + rules.error().mend, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, Mistake,
    testing::Values(
        MistakeRow{"no_toml", "[[rule]\n", "rules.toml:1", "rule"},
        MistakeRow{"no_id", "[[rule]]\nclass = \"policy\"\n", "rules.toml:1", "id"},
        MistakeRow{"class", "[[rule]]\nid = \"a\"\nclass = \"polcy\"\ntext = \"a\"\n",
                   "rules.toml:3", "polcy"},
        MistakeRow{"key", "[[rule]]\nid = \"a\"\nclass = \"policy\"\ntxt = \"a\"\n",
                   "rules.toml:4:1", "did you mean \"text\""},
        MistakeRow{"pattern", "[[rule]]\nid = \"a\"\nclass = \"policy\"\ntext = \"(\"\n",
                   "rules.toml:4", "pattern"},
        MistakeRow{"look_around", "[[rule]]\nid = \"a\"\nclass = \"policy\"\ntext = \"a(?=b)\"\n",
                   "rules.toml:4", "look-around"},
        MistakeRow{"action",
                   "[[rule]]\nid = \"a\"\nclass = \"policy\"\ntext = \"a\"\naction = \"defr\"\n",
                   "rules.toml:5", "did you mean \"defer\""},
        MistakeRow{"limit",
                   "[[rule]]\nid = \"a\"\nclass = \"policy\"\ntext = \"a\"\nlimit = \"5d\"\n",
                   "rules.toml:5", "24h"},
        MistakeRow{"time",
                   "[[rule]]\nid = \"a\"\nclass = \"policy\"\ntext = \"a\"\nretry_after = \"5\"\n",
                   "rules.toml:5", "\"5\" is no time"},
        MistakeRow{"twice",
                   "[[rule]]\nid = \"a\"\nclass = \"policy\"\ntext = \"a\"\n[[rule]]\nid = \"a\"\n"
                   "class = \"policy\"\ntext = \"b\"\n",
                   "rules.toml:6", "already"},
        MistakeRow{"provider", "[[rule]]\nid = \"a\"\nclass = \"policy\"\nprovider = \"x\"\n",
                   "rules.toml:4", "no provider"},
        MistakeRow{"suspend",
                   "[[rule]]\nid = \"a\"\nclass = \"policy\"\ntext = \"a\"\nsuspend = \"5m\"\n",
                   "rules.toml:5", "smarthost"},
        MistakeRow{"code", "[[rule]]\nid = \"a\"\nclass = \"policy\"\ncode = [\"6xx\"]\n",
                   "rules.toml:4", "6xx"},
        MistakeRow{"stage", "[[rule]]\nid = \"a\"\nclass = \"policy\"\nstage = \"rctp\"\n",
                   "rules.toml:4", "rcpt"},
        MistakeRow{"a_list_of_rules", "rule = [1]\n", "rules.toml:1", "table"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Explained, SaysWhatTheRuleSays) {
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::deferred;
    outcome.code = 421;
    outcome.reply = "4.7.0 [TSS04] Messages temporarily deferred";
    outcome.cause = Cause::block_ip;
    outcome.rule = "yahoo-tss04";
    const Explained explained = explain(outcome);
    EXPECT_EQ(explained.cause, "block_ip");
    EXPECT_THAT(explained.words, HasSubstr("Yahoo"));
    EXPECT_FALSE(explained.permanent);
    outcome.rule = "a-rule-of-yesterday";
    EXPECT_EQ(explain(outcome).words, mail::facts_of(Cause::block_ip).words);
    outcome.rule = "google-tls";
    EXPECT_EQ(explain(outcome).words, mail::facts_of(Cause::block_ip).words);
    outcome.verdict = mail::Verdict::delivered;
    EXPECT_EQ(explain(outcome).actor, Actor::nobody);
}

TEST(Explained, AnOperatorsRuleIsToldInItsWords) {
    const auto rules = VerdictRules::make(
        "[[rule]]\nid = \"house\"\nclass = \"policy\"\nwho = \"our_administrator\"\n"
        "text = \"no invoices\"\nnote = \"Their filter stops invoices.\"\n",
        "rules.toml");
    ASSERT_TRUE(rules.has_value());
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::failed;
    outcome.code = 550;
    outcome.cause = Cause::policy;
    outcome.rule = "house";
    EXPECT_EQ(explain(outcome, **rules).words, "Their filter stops invoices.");
    EXPECT_EQ(explain(outcome, **rules).actor, Actor::our_administrator);
    EXPECT_TRUE((*rules)->words_of("house")->of_operator);
    EXPECT_FALSE((*rules)->words_of("yahoo-tss04")->of_operator);
    EXPECT_FALSE((*rules)->words_of("status 5.1.1"));
}

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

}  // namespace
}  // namespace posthaste::delivery
