#include "accounts/login_guard.h"

#include "accounts/testing.h"

#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

constexpr const char* kAnna = "anna@example.com";

IpAddress ip(const std::string& text) {
    const auto address = IpAddress::parse(text);
    PH_ASSERT(address.has_value());
    return *address;
}

const IpAddress kOffice = ip("203.0.113.7");
const IpAddress kGuesser = ip("198.51.100.9");

class LoginGuardTest : public ::testing::Test {
  protected:
    LoginGuard::Counted fail(const std::string& user, std::uint64_t secret, const IpAddress& from,
                             bool known = true) {
        return guard_.failed({.user = user, .known = known, .secret = secret, .client = from}, at_);
    }

    // Ten wrong passwords for Anna from two networks.
    LoginGuard::Counted lock_anna(bool known = true) {
        LoginGuard::Counted last;
        for (std::uint64_t i = 0; i < 10; ++i)
            last = fail(kAnna, 1000 + i, i % 2 == 0 ? kGuesser : ip("192.0.2.1"), known);
        return last;
    }

    void pass(Seconds time) {
        at_.steady += time;
        at_.wall += time;
    }

    bool banned(const IpAddress& from) { return guard_.banned(from, at_).has_value(); }

    LoginGuard guard_{{}};
    LoginGuard::Moment at_ = LoginGuard::present();
};

TEST_F(LoginGuardTest, TheSameWrongPasswordForeverIsOneMistake) {
    EXPECT_TRUE(fail(kAnna, 1, kOffice).fresh);
    for (int i = 0; i < 10'000; ++i) {
        pass(Seconds(60));
        const auto again = fail(kAnna, 1, i % 3 == 0 ? kGuesser : kOffice);
        ASSERT_FALSE(again.fresh || again.lock_began || again.ban_began);
    }
    EXPECT_FALSE(banned(kOffice));
}

TEST_F(LoginGuardTest, FiftyDistinctPasswordsBanANetworkForTenMinutes) {
    for (std::uint64_t i = 0; i < 49; ++i) fail(kAnna, i, kGuesser);
    EXPECT_FALSE(banned(kGuesser));
    EXPECT_TRUE(fail("bob@example.com", 1, kGuesser).ban_began);
    const auto ban = guard_.banned(kGuesser, at_);
    ASSERT_TRUE(ban);
    EXPECT_EQ(ban->left, Seconds(600));
    EXPECT_EQ(ban->last_user, "bob@example.com");
    EXPECT_FALSE(banned(kOffice));
    pass(Seconds(599));
    EXPECT_TRUE(banned(kGuesser));
    pass(Seconds(1));
    EXPECT_FALSE(banned(kGuesser));
}

TEST_F(LoginGuardTest, GuessesOfMoreThanAnHourAgoDoNotCount) {
    for (std::uint64_t i = 0; i < 200; ++i) {
        pass(Seconds(80));
        ASSERT_FALSE(fail(kAnna, i, kGuesser).ban_began) << i;
    }
}

TEST_F(LoginGuardTest, AnOfficeWhereSomebodySignedInIsNeverBanned) {
    guard_.succeeded("carol@example.com", kOffice, at_);
    pass(Seconds(29 * 86'400));
    for (std::uint64_t i = 0; i < 200; ++i) fail(kAnna, i, kOffice);
    EXPECT_FALSE(banned(kOffice));
    pass(Seconds(2 * 86'400));  // now it is more than 30 days ago
    for (std::uint64_t i = 1000; i < 1060; ++i) fail(kAnna, i, kOffice);
    EXPECT_TRUE(banned(kOffice));
    guard_.succeeded("carol@example.com", kOffice, at_);
    EXPECT_FALSE(banned(kOffice));
}

TEST_F(LoginGuardTest, CloudServicesAndTrustedNetworksAreNeverBanned) {
    LoginGuard guard({.trusted = {*IpNetwork::parse("198.51.100.0/24")}});
    for (const char* from : {"40.97.1.2", "52.101.3.4", "209.85.220.41", "17.58.6.40",
                             "2603:1026:c00::5", "2a00:1450:4864:20::1", "198.51.100.9"}) {
        for (std::uint64_t i = 0; i < 60; ++i) {
            guard.failed({.user = kAnna, .known = true, .secret = i, .client = ip(from)}, at_);
            guard.failed({.user = "bob@example.com", .secret = i, .client = ip(from)}, at_);
        }
        EXPECT_FALSE(guard.banned(ip(from), at_)) << from;
    }
}

TEST_F(LoginGuardTest, AnIPv6CustomerIsBannedAsOne) {
    for (std::uint64_t i = 0; i < 50; ++i)
        fail(kAnna, i, ip("2001:db8:1:2::" + std::to_string(i + 1)));
    EXPECT_TRUE(banned(ip("2001:db8:1:2:ffff::1")));
    EXPECT_FALSE(banned(ip("2001:db8:1:3::1")));
}

TEST_F(LoginGuardTest, TenGuessesFromTwoNetworksLockTheUserForNewNetworks) {
    guard_.succeeded(kAnna, kOffice, at_);
    const auto last = lock_anna();
    EXPECT_TRUE(last.lock_began);
    EXPECT_TRUE(last.notify);
    EXPECT_TRUE(guard_.locked(kAnna, kGuesser, at_));
    EXPECT_TRUE(guard_.locked(kAnna, ip("192.0.2.77"), at_));
    EXPECT_FALSE(guard_.locked(kAnna, kOffice, at_));
    EXPECT_FALSE(guard_.locked("bob@example.com", kGuesser, at_));
    pass(Seconds(899));
    EXPECT_TRUE(guard_.locked(kAnna, kGuesser, at_));
    pass(Seconds(1));
    EXPECT_FALSE(guard_.locked(kAnna, kGuesser, at_));
}

TEST_F(LoginGuardTest, OneNetworkAloneLocksNobody) {
    for (std::uint64_t i = 0; i < 40; ++i) ASSERT_FALSE(fail(kAnna, i, kGuesser).lock_began);
    EXPECT_FALSE(guard_.locked(kAnna, kGuesser, at_));
}

TEST_F(LoginGuardTest, TheUserIsToldOnceADay) {
    EXPECT_TRUE(lock_anna().notify);
    pass(Seconds(3600 * 5));
    std::uint64_t secret = 5000;
    LoginGuard::Counted last;
    for (int i = 0; i < 10; ++i)
        last = fail(kAnna, ++secret, i % 2 == 0 ? kGuesser : ip("192.0.2.1"));
    EXPECT_TRUE(last.lock_began);
    EXPECT_FALSE(last.notify);
    pass(Seconds(86'400));
    for (int i = 0; i < 10; ++i)
        last = fail(kAnna, ++secret, i % 2 == 0 ? kGuesser : ip("192.0.2.1"));
    EXPECT_TRUE(last.notify);
}

TEST_F(LoginGuardTest, NobodysNameIsLockedLikeAnyOtherButNobodyIsWrittenTo) {
    const auto last = lock_anna(false);
    EXPECT_TRUE(last.lock_began);
    EXPECT_FALSE(last.notify);
    EXPECT_TRUE(guard_.locked(kAnna, kGuesser, at_));
}

TEST_F(LoginGuardTest, AFormerPasswordIsFreeOfCharge) {
    for (std::uint64_t i = 0; i < 100; ++i) {
        guard_.failed(
            {.user = kAnna, .known = true, .secret = i, .client = kOffice, .free_of_charge = true},
            at_);
    }
    EXPECT_FALSE(banned(kOffice));
    EXPECT_EQ(guard_.users(), 0u);
}

TEST_F(LoginGuardTest, MemoryIsBoundedWhateverComes) {
    LoginGuard guard({.users = 100, .networks = 100});
    guard.succeeded(kAnna, kOffice, at_);
    for (std::uint64_t i = 0; i < 5000; ++i) {
        const auto octet = [&](int shift) { return static_cast<std::uint8_t>(i >> shift & 0xff); };
        guard.failed({.user = "u" + std::to_string(i),
                      .secret = i,
                      .client = IpAddress::v4({10, 0, octet(8), octet(0)})},
                     at_);
    }
    EXPECT_LE(guard.users(), 200u);
    EXPECT_LE(guard.networks(), 100u);
}

TEST_F(LoginGuardTest, KnownNetworksAndTheNoticeSurviveARestart) {
    testing::TempStore temp;
    guard_.succeeded(kAnna, kOffice, at_);
    lock_anna();
    store::LazyWriter(temp.store().committer(), {&guard_}).flush();
    LoginGuard again({});
    ASSERT_TRUE(again.load(temp.store().engine()));
    for (std::uint64_t i = 0; i < 60; ++i)
        again.failed({.user = kAnna, .known = true, .secret = i, .client = kOffice}, at_);
    EXPECT_FALSE(again.banned(kOffice, at_));
    const auto last =
        again.failed({.user = kAnna, .known = true, .secret = 99, .client = kGuesser}, at_);
    EXPECT_TRUE(last.lock_began);
    EXPECT_FALSE(last.notify);
    EXPECT_FALSE(again.locked(kAnna, kOffice, at_));
    EXPECT_TRUE(again.locked(kAnna, kGuesser, at_));
}

TEST_F(LoginGuardTest, ASuccessIsStoredOnceAnHour) {
    store::Changes changes;
    guard_.take_changes(changes, 100);  // the first look prunes
    changes.clear();
    for (int i = 0; i < 100; ++i) guard_.succeeded(kAnna, kOffice, at_);
    guard_.take_changes(changes, 100);
    EXPECT_EQ(changes.size(), 1u);
    pass(Seconds(3601));
    guard_.succeeded(kAnna, kOffice, at_);
    guard_.take_changes(changes, 100);
    EXPECT_EQ(changes.size(), 2u);
}

}  // namespace
}  // namespace posthaste::accounts
