#include "mail/dsn/cause.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

class EachCause : public testing::TestWithParam<int> {};

TEST_P(EachCause, HasItsWords) {
    const auto cause = static_cast<Cause>(GetParam());
    const CauseFacts& facts = facts_of(cause);
    EXPECT_EQ(facts.cause, cause);
    EXPECT_TRUE(facts.words.ends_with('.'));
    EXPECT_TRUE(facts.advice.ends_with('.'));
    EXPECT_EQ(facts.status.cls, 0) << "the reply's class decides";
    EXPECT_EQ(cause_by_name(to_string(cause)), cause);
    EXPECT_EQ(actor_by_name(to_string(facts.actor)), facts.actor);
    EXPECT_FALSE(describe(facts.actor).empty());
}

// Where waiting is enough, that ends with the wait; a report never says that nobody has to act.
TEST_P(EachCause, SomebodyActsInTheEnd) {
    Outcome outcome;
    outcome.cause = static_cast<Cause>(GetParam());
    outcome.code = 450;
    const Judgement waiting = judge(outcome);
    EXPECT_FALSE(waiting.permanent);
    EXPECT_EQ(waiting.status.cls, 4);
    outcome.verdict = Verdict::failed;
    const Judgement over = judge(outcome);
    EXPECT_TRUE(over.permanent);
    EXPECT_EQ(over.status.cls, 5);
    EXPECT_NE(over.actor, Actor::nobody);
    EXPECT_FALSE(over.words.empty());
    EXPECT_FALSE(over.advice.starts_with("Nothing")) << over.advice;
    if (waiting.actor != Actor::nobody) EXPECT_EQ(over.actor, waiting.actor);
}

INSTANTIATE_TEST_SUITE_P(All, EachCause, testing::Range(0, static_cast<int>(Cause::unknown) + 1),
                         [](const auto& row) {
                             return std::string(to_string(static_cast<Cause>(row.param)));
                         });

TEST(Judgement, OfADelivery) {
    Outcome outcome;
    outcome.verdict = Verdict::delivered;
    const Judgement judged = judge(outcome);
    EXPECT_EQ(judged.actor, Actor::nobody);
    EXPECT_EQ(judged.status, (EnhancedStatus{2, 0, 0}));
    EXPECT_FALSE(judged.silent);
    EXPECT_FALSE(judged.permanent);
}

// No host said anything, and we have no reason of our own: then it is ours to find out.
TEST(Judgement, OfSilence) {
    Outcome outcome;
    outcome.verdict = Verdict::failed;
    const Judgement judged = judge(outcome);
    EXPECT_TRUE(judged.silent);
    EXPECT_EQ(judged.cause, Cause::unknown);
    EXPECT_EQ(judged.actor, Actor::our_administrator);
    outcome.code = 550;
    EXPECT_FALSE(judge(outcome).silent);
    EXPECT_EQ(judge(outcome).actor, Actor::sender);
}

TEST(Judgement, StatusOfTheReplyStays) {
    Outcome outcome;
    outcome.cause = Cause::mailbox_full;
    EXPECT_EQ(judge(outcome).status, (EnhancedStatus{4, 2, 2}));
    outcome.status = {4, 3, 1};
    EXPECT_EQ(judge(outcome).status, (EnhancedStatus{4, 3, 1}));
}

TEST(Judgement, ByARule) {
    Outcome outcome;
    outcome.cause = Cause::policy;
    outcome.code = 550;
    outcome.verdict = Verdict::failed;
    RuleWords rule{Cause::policy, Actor::our_administrator, "Their filter stops invoices.", "",
                   true};
    EXPECT_EQ(judge(outcome, &rule).actor, Actor::our_administrator);
    EXPECT_EQ(judge(outcome, &rule).words, "Their filter stops invoices.");
    EXPECT_EQ(judge(outcome, &rule).advice, facts_of(Cause::policy).advice);
    rule.actor = Actor::nobody;  // of the time in which it was tried
    EXPECT_EQ(judge(outcome, &rule).actor, Actor::sender);
    outcome.verdict = Verdict::deferred;
    EXPECT_EQ(judge(outcome, &rule).actor, Actor::nobody);
    rule.cause = Cause::block_ip;  // the rules have changed since
    EXPECT_EQ(judge(outcome, &rule).words, facts_of(Cause::policy).words);
}

TEST(Cause, NamesThatAreNone) {
    EXPECT_FALSE(cause_by_name("block"));
    EXPECT_FALSE(cause_by_name(""));
    EXPECT_FALSE(actor_by_name("somebody"));
}

}  // namespace
}  // namespace posthaste::mail
