#include "accounts/dkim_keys.h"

#include "accounts/testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

using mail::DkimAlgorithm;
using store::DkimState;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

#define EXPECT_FAILS(result, what, words)                                            \
    do {                                                                             \
        const auto ph_result = (result);                                             \
        ASSERT_FALSE(ph_result.has_value());                                         \
        EXPECT_EQ(to_string(ph_result.error().kind), to_string(ErrorKind::what));    \
        EXPECT_THAT(ph_result.error().text + " / " + ph_result.error().mend, words); \
    } while (false)

class DkimKeysTest : public ::testing::Test {
  protected:
    DkimKeysTest() { temp_.add_domain("example.com"); }

    // Ed25519: made at once.
    DkimKeyInfo fresh(const std::string& selector = {}) {
        return keys_
            .create({.domain = "example.com",
                     .algorithm = DkimAlgorithm::ed25519_sha256,
                     .selector = selector})
            .value();
    }

    DkimState state(const std::string& selector) {
        return keys_.find("example.com", selector).value().state;
    }

    testing::TempStore temp_;
    DkimKeys keys_{temp_.store()};
};

TEST_F(DkimKeysTest, NewKeysGetTheNextFreeName) {
    const auto rsa = keys_.create({.domain = "Example.COM."}).value();
    EXPECT_EQ(rsa.domain, "example.com");
    EXPECT_THAT(rsa.selector, MatchesRegex("ph20[0-9]{4}a"));
    EXPECT_EQ(rsa.dns_name(), rsa.selector + "._domainkey.example.com");
    EXPECT_EQ(rsa.bits, 2048U);
    EXPECT_EQ(rsa.state, DkimState::pending);
    EXPECT_THAT(rsa.record, HasSubstr("v=DKIM1; k=rsa; p=MII"));
    EXPECT_THAT(fresh().selector, MatchesRegex("phe20[0-9]{4}a"));
    const auto second = fresh();
    EXPECT_THAT(second.selector, MatchesRegex("phe20[0-9]{4}b"));
    EXPECT_EQ(fresh("Mail-7").selector, "mail-7");  // DNS makes no difference
    EXPECT_EQ(keys_.list("").value().size(), 4U);
    ASSERT_TRUE(keys_.remove("example.com", second.selector).has_value());
    EXPECT_EQ(fresh().selector, second.selector);
}

TEST_F(DkimKeysTest, OneOfEachAlgorithmIsActive) {
    const auto rsa = keys_.create({.domain = "example.com", .bits = 1024}).value();
    const auto a = fresh("a");
    const auto b = fresh("b");
    EXPECT_EQ(keys_.activate("example.com", rsa.selector, rsa.record).value(), "");
    EXPECT_EQ(keys_.activate("example.com", "A", a.record).value(), "");
    EXPECT_FAILS(keys_.activate("example.com", "a", a.record), conflict,
                 HasSubstr("active already"));
    EXPECT_EQ(keys_.activate("example.com", "b", b.record).value(), "a");
    EXPECT_EQ(state(rsa.selector), DkimState::active);
    EXPECT_EQ(state("a"), DkimState::retiring);
    EXPECT_EQ(state("b"), DkimState::active);
    const auto info = keys_.find("example.com", "a").value();
    EXPECT_EQ(info.dns_until, info.changed + std::chrono::days(7));
    EXPECT_FALSE(keys_.find("example.com", "b").value().dns_until);
    // And back, when the new one turns out wrong.
    EXPECT_EQ(keys_.activate("example.com", "a", a.record).value(), "b");
}

TEST_F(DkimKeysTest, WhatWasCheckedIsWhatIsActivated) {
    const auto key = fresh("a");
    ASSERT_TRUE(keys_.remove("example.com", "a").has_value());
    fresh("a");
    EXPECT_FAILS(keys_.activate("example.com", "a", key.record), conflict, HasSubstr("replaced"));
    EXPECT_EQ(state("a"), DkimState::pending);
}

TEST_F(DkimKeysTest, RetiringAndRemoving) {
    const auto a = fresh("a");
    EXPECT_FAILS(keys_.retire("example.com", "a"), denied, HasSubstr("dkim rm example.com a"));
    const auto b = keys_.create({.domain = "example.com", .bits = 1024}).value();
    ASSERT_TRUE(keys_.activate("example.com", "a", a.record).has_value());
    ASSERT_TRUE(keys_.activate("example.com", b.selector, b.record).has_value());
    EXPECT_FAILS(keys_.remove("example.com", "a"), denied, HasSubstr("dkim retire example.com a"));
    EXPECT_TRUE(keys_.retire("example.com", "a").value());
    EXPECT_FAILS(keys_.retire("example.com", "a"), conflict, HasSubstr("retiring already"));
    EXPECT_FALSE(keys_.retire("example.com", b.selector).value());  // nothing signs from here on
    ASSERT_TRUE(keys_.remove("example.com", "a").has_value());
    EXPECT_FAILS(keys_.remove("example.com", "a"), not_found, HasSubstr("dkim list example.com"));
}

TEST_F(DkimKeysTest, KeysOfOthersAreTakenOver) {
    const auto key = mail::DkimKey::generate(DkimAlgorithm::rsa_sha256, 1024).value();
    const auto info = keys_.import("example.com", "default", key.to_pem()).value();
    EXPECT_EQ(info.record, key.record());
    EXPECT_EQ(info.bits, 1024U);
    EXPECT_EQ(info.state, DkimState::pending);
    EXPECT_FAILS(keys_.import("example.com", "DEFAULT", key.to_pem()), conflict,
                 HasSubstr("--selector"));
    EXPECT_FAILS(keys_.import("example.com", "x", Secret("-----BEGIN nonsense")), syntax,
                 HasSubstr("BEGIN PRIVATE KEY"));
    EXPECT_FAILS(keys_.import("example.com", "", key.to_pem()), syntax, HasSubstr("selector"));
}

TEST_F(DkimKeysTest, WhatIsRefused) {
    EXPECT_FAILS(keys_.create({.domain = "example.net"}), not_found,
                 HasSubstr("posthaste domain add example.net"));
    EXPECT_FAILS(keys_.create({.domain = "no domain"}), syntax, HasSubstr("no domain"));
    EXPECT_FAILS(keys_.create({.domain = "example.com", .bits = 512}), syntax, HasSubstr("2048"));
    EXPECT_FAILS(keys_.create({.domain = "example.com", .selector = "a b"}), syntax,
                 HasSubstr("selector"));
    EXPECT_FAILS(keys_.create({.domain = "example.com", .selector = "a_b"}), syntax,
                 HasSubstr("selector"));
    EXPECT_FAILS(keys_.list("example.net"), not_found, HasSubstr("domain add"));
    EXPECT_FAILS(keys_.find("example.com", "x"), not_found, HasSubstr("dkim list"));
    EXPECT_FAILS(keys_.retire("example.com", "x"), not_found, HasSubstr("dkim list"));
    EXPECT_TRUE(keys_.list("").value().empty());
}

TEST_F(DkimKeysTest, TwentyKeysAreEnough) {
    for (int i = 0; i < 20; ++i) fresh();
    EXPECT_FAILS(
        keys_.create(
            {.domain = "example.com", .algorithm = DkimAlgorithm::ed25519_sha256, .selector = {}}),
        too_large, HasSubstr("remove"));
    temp_.add_domain("example.net");
    EXPECT_TRUE(keys_
                    .create({.domain = "example.net",
                             .algorithm = DkimAlgorithm::ed25519_sha256,
                             .selector = {}})
                    .has_value());
}

TEST_F(DkimKeysTest, ADamagedKeyIsShownAndNotUsed) {
    store::Changes changes;
    changes.push_back(store::PutDkimKey{{.domain = "example.com",
                                         .selector = "bad",
                                         .state = DkimState::pending,
                                         .pem = Secret("nonsense"),
                                         .created = now(),
                                         .changed = now()}});
    ASSERT_TRUE(temp_.store().committer().submit_and_wait(std::move(changes)).has_value());
    EXPECT_FALSE(keys_.list("example.com").value().at(0).broken.empty());
    EXPECT_FAILS(keys_.activate("example.com", "bad", ""), denied, HasSubstr("dkim new"));
    EXPECT_TRUE(keys_.remove("example.com", "bad").has_value());
}

}  // namespace
}  // namespace posthaste::accounts
