#include "accounts/fingerprint_set.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

TEST(FingerprintSet, holds_what_was_put_in) {
    FingerprintSet set;
    EXPECT_FALSE(set.contains("a", "b"));
    EXPECT_FALSE(set.erase("a", "b"));
    EXPECT_TRUE(set.insert("a", "b"));
    EXPECT_FALSE(set.insert("a", "b"));
    EXPECT_TRUE(set.contains("a", "b"));
    EXPECT_FALSE(set.contains("ab", ""));
    EXPECT_FALSE(set.contains("", "ab"));
    EXPECT_FALSE(set.contains("b", "a"));
    EXPECT_TRUE(set.erase("a", "b"));
    EXPECT_FALSE(set.contains("a", "b"));
    EXPECT_EQ(set.size(), 0U);
}

TEST(FingerprintSet, is_right_after_many_changes_and_small) {
    FingerprintSet set;
    std::set<int> model;
    std::uint64_t random = 42;
    for (int i = 0; i < 200'000; ++i) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        const int n = static_cast<int>(random >> 50);
        const std::string address = std::to_string(n) + "@example.net";
        if (random & (1 << 20)) {
            EXPECT_EQ(set.insert("shop@example.com", address), model.insert(n).second);
        } else {
            EXPECT_EQ(set.erase("shop@example.com", address), model.erase(n) == 1);
        }
    }
    EXPECT_EQ(set.size(), model.size());
    for (int n = 0; n < 1 << 14; ++n)
        EXPECT_EQ(set.contains("shop@example.com", std::to_string(n) + "@example.net"),
                  model.contains(n));
    EXPECT_LE(set.octets(), 32U * (1U << 14));
}

}  // namespace
}  // namespace posthaste::accounts
