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

INSTANTIATE_TEST_SUITE_P(All, EachCause, testing::Range(0, static_cast<int>(Cause::unknown) + 1),
                         [](const auto& row) {
                             return std::string(to_string(static_cast<Cause>(row.param)));
                         });

TEST(Cause, NamesThatAreNone) {
    EXPECT_FALSE(cause_by_name("block"));
    EXPECT_FALSE(cause_by_name(""));
    EXPECT_FALSE(actor_by_name("somebody"));
}

}  // namespace
}  // namespace posthaste::mail
