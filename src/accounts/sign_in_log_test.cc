#include "accounts/sign_in_log.h"

#include "accounts/sign_in_text.h"
#include "accounts/testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

constexpr Timestamp kStart{Milliseconds(1'763'900'000'000)};
const IpAddress kOffice = *IpAddress::parse("203.0.113.7");

SignIn sign_in(const std::string& account, const std::string& outcome, int minute = 0) {
    SignIn made;
    made.when = kStart + std::chrono::minutes(minute);
    made.account = account;
    made.known = true;
    made.login = account;
    made.client = kOffice;
    made.port = 587;
    made.tls = SignIn::Tls::starttls;
    made.outcome = outcome;
    return made;
}

TEST(SignInLog, NewestFirstOfAPersonAndOfANetwork) {
    SignInLog log;
    log.add(sign_in("anna@example.com", "R3", 0));
    log.add(sign_in("anna@example.com", "", 1));
    log.add(sign_in("bob@example.com", "", 2));
    const auto anna = log.of("anna@example.com");
    ASSERT_EQ(anna.size(), 2u);
    EXPECT_EQ(anna[0].outcome, "");
    EXPECT_EQ(anna[1].outcome, "R3");
    const auto office = log.of_network(kOffice);
    ASSERT_EQ(office.size(), 3u);
    EXPECT_EQ(office[0].account, "bob@example.com");
    EXPECT_TRUE(log.of("carol@example.com").empty());
    EXPECT_TRUE(log.of_network(*IpAddress::parse("203.0.113.8")).empty());
}

TEST(SignInLog, IsFoundByTheTypedNameToo) {
    SignInLog log;
    auto taken_for = sign_in("ana@example.com", "", 0);
    taken_for.login = "Ana";
    log.add(taken_for);
    auto nobodys = sign_in("zzz@example.com", "R3", 1);
    nobodys.known = false;
    nobodys.login = "zzz";
    log.add(nobodys);
    auto ambiguous = sign_in("", "R4", 2);
    ambiguous.known = false;
    ambiguous.login = "bob";
    log.add(ambiguous);
    ASSERT_EQ(log.of_login("ana").size(), 1u);
    EXPECT_EQ(log.of_login("ana")[0].account, "ana@example.com");
    ASSERT_EQ(log.of_login("ZZZ").size(), 1u);
    ASSERT_EQ(log.of_login("bob").size(), 1u);
    EXPECT_EQ(log.of_login("bob")[0].outcome, "R4");
    EXPECT_TRUE(log.of_login("zz").empty());
    for (int i = 0; i < 60; ++i) {
        auto one = sign_in("ana" + std::to_string(i) + "@example.com", "", 60 - i);
        one.login = "info";
        log.add(one);
    }
    const auto info = log.of_login("info");
    ASSERT_EQ(info.size(), 40u);
    EXPECT_EQ(info[0].account, "ana0@example.com");
}

TEST(SignInLog, TheSameAgainIsOneEntryThatCounts) {
    SignInLog log;
    for (int minute = 0; minute < 300; minute += 5)
        log.add(sign_in("anna@example.com", "R3", minute));
    const auto seen = log.of("anna@example.com");
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].times, 60u);
    EXPECT_EQ(seen[0].when, kStart + std::chrono::minutes(295));
    log.add(sign_in("anna@example.com", "R3", 295 + 61));  // over an hour later: seen anew
    EXPECT_EQ(log.of("anna@example.com").size(), 2u);
}

TEST(SignInLog, TimesAreCountedSinceAMoment) {
    SignInLog log;
    const auto since = [&log](int minute) {
        return log.of("anna@example.com").at(0).times_since(kStart + std::chrono::minutes(minute));
    };
    for (int minute = 0; minute < 30; minute += 10)
        log.add(sign_in("anna@example.com", "R3", minute));
    EXPECT_EQ(since(0), 3u);
    EXPECT_EQ(since(5), 2u);
    EXPECT_EQ(since(20), 1u);
    EXPECT_EQ(since(21), 0u);
    for (int minute = 30; minute < 130; ++minute)
        log.add(sign_in("anna@example.com", "R3", minute));
    EXPECT_EQ(log.of("anna@example.com").at(0).recent.size(), SignInLog::Options().recent);
    EXPECT_EQ(since(125), 5u);
    // As after a restart: the last time alone is known.
    auto stored = log.of("anna@example.com").at(0);
    stored.recent.clear();
    EXPECT_EQ(stored.times_since(kStart), 1u);
}

TEST(SignInLog, AGuesserDoesNotHideWhatWentWell) {
    SignInLog log;
    log.add(sign_in("anna@example.com", ""));
    for (std::uint8_t i = 0; i < 200; ++i) {
        auto guess = sign_in("anna@example.com", "R3", i);
        guess.client = IpAddress::v4({198, 51, 100, i});
        log.add(guess);
    }
    const auto seen = log.of("anna@example.com");
    EXPECT_EQ(seen.size(), 20u);
    EXPECT_EQ(seen.back().outcome, "");
    // Nor does a busy program hide a refusal.
    for (int i = 0; i < 200; ++i) {
        auto login = sign_in("anna@example.com", "", i);
        login.ehlo = "pod-" + std::to_string(i);
        log.add(login);
    }
    EXPECT_TRUE(std::ranges::any_of(log.of("anna@example.com"),
                                    [](const SignIn& s) { return s.outcome == "R3"; }));
}

TEST(SignInLog, NamesThatAreNobodysDoNotPushOutAccounts) {
    SignInLog log({.accounts = 3, .strangers = 2, .networks = 2});
    log.add(sign_in("anna@example.com", ""));
    for (int i = 0; i < 100; ++i) {
        auto guess = sign_in("nobody" + std::to_string(i) + "@example.com", "R3", i);
        guess.known = false;
        log.add(guess);
    }
    EXPECT_EQ(log.of("anna@example.com").size(), 1u);
    EXPECT_EQ(log.of("nobody99@example.com").size(), 1u);
    EXPECT_TRUE(log.of("nobody1@example.com").empty());
}

TEST(SignInLog, LeastRecentlySeenAccountIsForgottenFirst) {
    SignInLog log({.accounts = 2});
    log.add(sign_in("anna@example.com", "", 0));
    log.add(sign_in("bob@example.com", "", 1));
    log.add(sign_in("anna@example.com", "", 2));
    log.add(sign_in("carol@example.com", "", 3));
    EXPECT_EQ(log.of("anna@example.com").size(), 1u);
    EXPECT_TRUE(log.of("bob@example.com").empty());
}

TEST(SignInLog, ANameWithoutDomainIsFoundAsTyped) {
    SignInLog log;
    SignIn refused = sign_in("", "R4");
    refused.login = "Anna";
    refused.known = false;
    log.add(refused);
    EXPECT_EQ(log.of("anna").size(), 1u);
}

TEST(SignInLog, IPv6CustomersOwnTheirSlash64) {
    SignInLog log;
    auto one = sign_in("anna@example.com", "R3");
    one.client = *IpAddress::parse("2001:db8:1:2::1");
    log.add(one);
    EXPECT_EQ(log.of_network(*IpAddress::parse("2001:db8:1:2::ffff")).size(), 1u);
    EXPECT_TRUE(log.of_network(*IpAddress::parse("2001:db8:1:3::1")).empty());
}

TEST(SignInLog, WatchersHearTheirAccountUntilTheyEnd) {
    SignInLog log;
    std::vector<std::string> heard;
    auto watching = log.watch("anna@example.com",
                              [&](const SignIn& s) { heard.push_back(s.outcome + "/" + s.from); });
    log.add(sign_in("bob@example.com", ""));
    log.add(sign_in("anna@example.com", "R3"));
    log.add(sign_in("anna@example.com", ""));
    log.add_sender("anna@example.com", kOffice, "sales@example.com");
    log.add_sender("anna@example.com", kOffice, "sales@example.com");  // nothing new
    watching.reset();
    log.add(sign_in("anna@example.com", ""));
    EXPECT_THAT(heard, ::testing::ElementsAre("R3/", "/", "/sales@example.com"));
}

TEST(SignInLog, SubscriptionMayOutliveTheLog) {
    auto log = std::make_unique<SignInLog>();
    auto watching = log->watch("anna@example.com", [](const SignIn&) {});
    log.reset();
    watching.reset();
}

TEST(SignInLog, AcceptedSenderCompletesTheNewestSignInFromThere) {
    SignInLog log;
    log.add(sign_in("anna@example.com", "", 0));
    log.add(sign_in("anna@example.com", "R8", 1));
    log.add_sender("anna@example.com", kOffice, "anna@example.com");
    log.add_sender("anna@example.com", *IpAddress::parse("192.0.2.1"), "not@example.com");
    log.add_sender("nobody@example.com", kOffice, "not@example.com");
    const auto seen = log.of("anna@example.com");
    EXPECT_EQ(seen[0].from, "");
    EXPECT_EQ(seen[1].from, "anna@example.com");
}

SignIn full() {
    SignIn s = sign_in("anna@example.com", "R6", 3);
    s.login = "EXAMPLE\\anna \"x\"";
    s.normalised = "anna@example.com";
    s.client = *IpAddress::parse("2001:db8::5");
    s.port = 465;
    s.tls = SignIn::Tls::implicit;
    s.usual_mode = false;
    s.tls_version = "TLSv1.2";
    s.server_name = "smtp.example.com";
    s.ehlo = "ANNAS-PC";
    s.mechanism = "LOGIN";
    s.credential = "password";
    s.from = "sales@example.com";
    s.changed = kStart - Seconds(86'400);
    return s;
}

TEST(SignInText, ReadsWhatItWrote) {
    const auto text = write_sign_in(full());
    const auto read = parse_sign_in(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(write_sign_in(*read), text);
    EXPECT_EQ(read->login, full().login);
    EXPECT_EQ(read->when, full().when);
    EXPECT_EQ(read->tls, SignIn::Tls::implicit);
    EXPECT_FALSE(read->usual_mode);
    EXPECT_EQ(read->changed, full().changed);
}

TEST(SignInText, WhatIsNoneIsNothing) {
    for (const char* text : {"", "{}", "[]", "null", "{\"client\":\"x\"}", "{\"client\":1}"})
        EXPECT_FALSE(parse_sign_in(text)) << text;
    const auto least = parse_sign_in(R"({"client":"192.0.2.1","port":70000,"times":-3,"new":[1]})");
    ASSERT_TRUE(least);
    EXPECT_EQ(least->port, 0);
    EXPECT_EQ(least->times, 1u);
}

TEST(SignInLog, WhatWasSeenOfAccountsSurvivesARestart) {
    testing::TempStore temp;
    SignInLog log({.accounts = 2, .entries = 4});
    store::LazyWriter writer(temp.store().committer(), {&log});
    auto stranger = sign_in("nobody@example.com", "R3");
    stranger.known = false;
    log.add(stranger);
    log.add(full());
    log.add(full());
    writer.flush();
    for (int i = 0; i < 20; ++i) {
        auto many = sign_in("bob@example.com", "", i);
        many.ehlo = std::to_string(i);
        log.add(many);
        if (i % 5 == 0) writer.flush();
    }
    writer.flush();
    EXPECT_EQ(temp.store().engine().sign_ins()->size(), 5u);  // Anna's one and Bob's four

    SignInLog again({.accounts = 2, .entries = 4});
    ASSERT_TRUE(again.load(temp.store().engine()));
    const auto anna = again.of("anna@example.com");
    ASSERT_EQ(anna.size(), 1u);
    EXPECT_EQ(anna[0].times, 2u);
    EXPECT_TRUE(anna[0].known);
    EXPECT_EQ(again.of("bob@example.com")[0].ehlo, "19");
    EXPECT_EQ(again.of_network(full().client).size(), 1u);
    EXPECT_TRUE(again.of("nobody@example.com").empty());

    // What is pushed out is removed from the store.
    store::LazyWriter later(temp.store().committer(), {&again});
    again.add(sign_in("carol@example.com", "", 60));
    again.add(sign_in("dave@example.com", "", 61));
    later.flush();
    EXPECT_EQ(temp.store().engine().sign_ins()->size(), 2u);
}

}  // namespace
}  // namespace posthaste::accounts
