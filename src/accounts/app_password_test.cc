#include "accounts/app_password.h"

#include "base/ascii.h"

#include <set>

#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

TEST(AppPassword, IsFiveGroupsThatNobodyGotBefore) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const Secret made = make_app_password();
        const std::string text(made.reveal());
        ASSERT_EQ(text.size(), 29U);
        for (std::size_t at = 5; at < text.size(); at += 6) ASSERT_EQ(text[at], '-') << text;
        ASSERT_TRUE(seen.insert(text).second);
        ASSERT_TRUE(canonical_app_password(text).has_value()) << text;
    }
}

TEST(AppPassword, IsTheSameHoweverItIsTyped) {
    const auto plain = canonical_app_password("fuzob-ramok-tidas-sovun-babit");
    ASSERT_TRUE(plain.has_value());
    for (const char* typed :
         {"fuzobramoktidassovunbabit", "FUZOB-RAMOK-TIDAS-SOVUN-BABIT",
          "Fuzob ramok tidas sovun babit", " fuzob-ramok-tidas-sovun-babit\t"}) {
        const auto read = canonical_app_password(typed);
        ASSERT_TRUE(read.has_value()) << typed;
        EXPECT_EQ(read->reveal(), plain->reveal()) << typed;
    }
}

TEST(AppPassword, OthersAreNotTakenForOne) {
    for (const char* typed :
         {"", "correct horse battery staple", "fuzob-ramok-tidas-sovun",
          "fuzob-ramok-tidas-sovun-babit-x", "fuzob-ramok-tidas-sovun-babi1",
          "fuzob-ramok-tidas-sovun-babib-", "fuzob-ramok-tidas-sovun-babe\xc3"}) {
        const auto read = canonical_app_password(typed);
        if (std::string_view(typed) == "fuzob-ramok-tidas-sovun-babib-") {
            EXPECT_TRUE(read.has_value());  // hyphens do not count
        } else {
            EXPECT_FALSE(read.has_value()) << typed;
        }
    }
}

TEST(AppPassword, DigestNeedsTheServersSecret) {
    const Secret password(std::string("fuzobramoktidassovunbabit"));
    EXPECT_EQ(app_password_digest("one", password), app_password_digest("one", password));
    EXPECT_NE(app_password_digest("one", password), app_password_digest("two", password));
}

TEST(KeyedDigest, PartsDoNotRunIntoEachOther) {
    EXPECT_NE(keyed_digest("k", {"login", "ab", "c"}), keyed_digest("k", {"login", "a", "bc"}));
    EXPECT_NE(keyed_digest("k", {"login", "a"}), keyed_digest("k", {"login", "a", ""}));
}

}  // namespace
}  // namespace posthaste::accounts
