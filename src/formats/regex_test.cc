#include "formats/regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::formats {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Regex, FindsAnywhereAndInEitherCase) {
    const auto regex = Regex::make("unusual rate of (unsolicited )?mail");
    ASSERT_TRUE(regex);
    EXPECT_TRUE(regex->is_in("421 An UNUSUAL RATE of unsolicited mail"));
    EXPECT_FALSE(regex->is_in("unusual rate"));
}

TEST(Regex, OctetsThatAreNoTextAreFine) {
    const auto regex = Regex::make("a.b");
    ASSERT_TRUE(regex);
    EXPECT_TRUE(
        regex->is_in("a\xff"
                     "b"));
    EXPECT_TRUE(regex->is_in(std::string_view("\0a b", 4)));
}

TEST(Regex, WhatCannotBeReadIsRefusedWithAReason) {
    for (const std::string& pattern :
         {std::string("("), std::string("a(?=b)"), std::string("[z-a]"),
          std::string(kMaxPatternOctets + 1, 'a')}) {
        const auto regex = Regex::make(pattern);
        ASSERT_FALSE(regex) << pattern;
        EXPECT_EQ(regex.error().kind, ErrorKind::syntax);
        EXPECT_FALSE(regex.error().mend.empty());
    }
}

// Exponential in a matcher that goes back.
TEST(Regex, IsLinear) {
    const auto regex = Regex::make("^(a|a|aa)+(a|a|aa)+$");
    ASSERT_TRUE(regex);
    EXPECT_FALSE(regex->is_in(std::string(2048, 'a') + "b"));
}

TEST(RegexSet, TellsWhichPatternsAreThere) {
    RegexSet set;
    EXPECT_EQ(set.add("one").value(), 0U);
    EXPECT_EQ(set.add("two").value(), 1U);
    EXPECT_EQ(set.add("o").value(), 2U);
    EXPECT_FALSE(set.add("*"));
    EXPECT_EQ(set.size(), 3U);
    ASSERT_TRUE(set.close());
    EXPECT_THAT(set.find("TWO and one"), ElementsAre(0, 1, 2));
    EXPECT_THAT(set.find("nothing"), ElementsAre(2));
    EXPECT_THAT(set.find("empty"), IsEmpty());
}

TEST(RegexSet, WithoutPatternsFindsNothing) {
    RegexSet set;
    ASSERT_TRUE(set.close());
    EXPECT_THAT(set.find("whatever"), IsEmpty());
}

}  // namespace
}  // namespace posthaste::formats
