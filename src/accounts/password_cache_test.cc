#include "accounts/password_cache.h"

#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

const SteadyTime kNow = SteadyTime() + std::chrono::hours(1000);

Digest key(int i) {
    return keyed_digest("secret", {std::to_string(i)});
}

Identity identity(const std::string& account) {
    Identity made;
    made.account = account;
    return made;
}

TEST(PasswordCache, KeepsAnswersForTheirTime) {
    PasswordCache cache(10, Seconds(60));
    cache.put(key(1), identity("anna"), 5, kNow);
    EXPECT_TRUE(cache.find(key(1), 5, kNow + Seconds(59)).has_value());
    EXPECT_FALSE(cache.find(key(2), 5, kNow).has_value());
    EXPECT_FALSE(cache.find(key(1), 5, kNow + Seconds(60)).has_value());
    EXPECT_EQ(cache.size(), 0U);
}

TEST(PasswordCache, DropsTheLeastRecentlyUsed) {
    PasswordCache cache(3, Seconds(60));
    for (int i = 0; i < 3; ++i) cache.put(key(i), identity(std::to_string(i)), 1, kNow);
    EXPECT_TRUE(cache.find(key(0), 1, kNow).has_value());
    cache.put(key(3), identity("3"), 1, kNow);
    EXPECT_TRUE(cache.find(key(0), 1, kNow).has_value());
    EXPECT_FALSE(cache.find(key(1), 1, kNow).has_value());
    EXPECT_EQ(cache.size(), 3U);
}

TEST(PasswordCache, ForgetsAllWhenTheDirectoryChanges) {
    PasswordCache cache(10, Seconds(60));
    cache.put(key(1), identity("anna"), 5, kNow);
    EXPECT_FALSE(cache.find(key(1), 6, kNow).has_value());
    EXPECT_EQ(cache.size(), 0U);
}

TEST(PasswordCache, TakesNoAnswerFromBeforeAChange) {
    PasswordCache cache(10, Seconds(60));
    EXPECT_FALSE(cache.find(key(1), 6, kNow).has_value());
    cache.put(key(1), identity("anna"), 5, kNow);  // was looked at under generation 5
    EXPECT_FALSE(cache.find(key(1), 6, kNow).has_value());
}

TEST(PasswordCache, TheSameKeyTwiceIsOneEntry) {
    PasswordCache cache(2, Seconds(60));
    cache.put(key(1), identity("anna"), 1, kNow);
    cache.put(key(1), identity("anna"), 1, kNow + Seconds(30));
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_TRUE(cache.find(key(1), 1, kNow + Seconds(80)).has_value());
}

TEST(PasswordCache, OfNoEntriesKeepsNothing) {
    PasswordCache cache(0, Seconds(60));
    cache.put(key(1), identity("anna"), 1, kNow);
    EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace posthaste::accounts
