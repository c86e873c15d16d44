#include "acme/client.h"

#include "acme/authority_fake.h"

#include <gtest/gtest.h>

namespace posthaste::acme {
namespace {

using testing::FakeAuthority;

const std::vector<std::string> kNames{"autoconfig.a.test", "autodiscover.a.test"};
const std::vector<ChallengeKind> kBoth{ChallengeKind::http_01, ChallengeKind::tls_alpn_01};

class AcmeClient : public ::testing::Test {
  protected:
    Client make(const std::string& contact = "admin@a.test") {
        return {{.directory_url = FakeAuthority::kDirectory, .contact = contact},
                *Key::generate(),
                challenges,
                {.fetch = [this](const auto& call) { return authority.fetch(call); },
                 .wait =
                     [this](Seconds wait) {
                         waits.push_back(wait);
                         return !stopping;
                     },
                 .note = [this](const std::string& event,
                                const std::string&) { events.push_back(event); }}};
    }

    Challenges challenges;
    FakeAuthority authority{challenges};
    Key key = *Key::generate();
    std::vector<Seconds> waits;
    std::vector<std::string> events;
    bool stopping = false;
};

TEST_F(AcmeClient, obtains_what_is_for_the_key_and_the_names) {
    authority.processing = 3;
    auto client = make();
    auto chain = client.obtain(kNames, key, kBoth);
    ASSERT_TRUE(chain.has_value()) << chain.error().error.text;
    EXPECT_EQ(read_chain(*chain, key)->names, kNames);
    EXPECT_EQ(authority.proofs, (std::vector<std::string>{"http-01", "http-01"}));
    EXPECT_EQ(client.terms(), "https://ca.test/terms");
    EXPECT_EQ(events, std::vector<std::string>{"acme.account_made"});
    EXPECT_FALSE(challenges.text("token-0-http-01")) << "nothing is left behind";
    // The same account and directory again.
    ASSERT_TRUE(client.obtain(kNames, key, kBoth).has_value());
    EXPECT_EQ(authority.accounts, 1);
    EXPECT_EQ(authority.count("/dir"), 1U);
}

TEST_F(AcmeClient, proves_by_what_is_open_here) {
    auto client = make();
    ASSERT_TRUE(client.obtain({"a.test"}, key, {ChallengeKind::tls_alpn_01}).has_value());
    EXPECT_EQ(authority.proofs, std::vector<std::string>{"tls-alpn-01"});
    authority.offered = {"dns-01"};
    auto none = client.obtain({"a.test"}, key, kBoth);
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().names.at(0).name, "a.test");
    EXPECT_NE(none.error().error.mend.find("http_challenge"), std::string::npos);
}

TEST_F(AcmeClient, a_refused_nonce_is_no_failure_but_an_endless_refusal_is) {
    authority.refuse_nonces = 10;
    auto client = make();
    EXPECT_TRUE(client.obtain(kNames, key, kBoth).has_value());
    authority.refuse_nonces = 1'000;
    EXPECT_FALSE(client.obtain(kNames, key, kBoth).has_value());
    EXPECT_LT(authority.paths.size(), 100U);
}

TEST_F(AcmeClient, names_that_cannot_be_proven_are_told_all_at_once) {
    authority.unproven = {kNames[0], kNames[1]};
    auto client = make();
    auto failed = client.obtain(kNames, key, kBoth);
    ASSERT_FALSE(failed.has_value());
    ASSERT_EQ(failed.error().names.size(), 2U);
    EXPECT_FALSE(failed.error().everybody);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(failed.error().names[i].name, kNames[i]);
        EXPECT_NE(failed.error().names[i].error.text.find("no answer"), std::string::npos);
        EXPECT_FALSE(failed.error().names[i].error.mend.empty());
    }
}

TEST_F(AcmeClient, a_rate_limit_comes_with_its_wait) {
    auto limit = FakeAuthority::problem(429, "rateLimited", "too many");
    limit.headers.emplace_back("retry-after", "3600");
    authority.instead["/order"] = limit;
    auto failed = make().obtain(kNames, key, kBoth);
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().retry_after, Seconds(3600));
    EXPECT_EQ(failed.error().error.kind, ErrorKind::busy);
}

TEST_F(AcmeClient, names_in_a_refusal_are_told) {
    authority.instead["/order"] = FakeAuthority::problem(
        400, "rejectedIdentifier", "no",
        R"(,"subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier",)"
        R"("detail":"not this","identifier":{"type":"dns","value":"autoconfig.a.test"}}])");
    auto failed = make().obtain(kNames, key, kBoth);
    ASSERT_FALSE(failed.has_value());
    ASSERT_EQ(failed.error().names.size(), 1U);
    EXPECT_EQ(failed.error().names[0].name, "autoconfig.a.test");
}

TEST_F(AcmeClient, a_directory_that_does_not_answer_befalls_everybody) {
    authority.down = true;
    auto client = make();
    auto failed = client.obtain(kNames, key, kBoth);
    ASSERT_FALSE(failed.has_value());
    EXPECT_TRUE(failed.error().everybody);
    authority.down = false;
    EXPECT_TRUE(client.obtain(kNames, key, kBoth).has_value());
}

TEST_F(AcmeClient, an_account_without_contact_is_better_than_none) {
    authority.reject_contact = "invalidContact";
    ASSERT_TRUE(make().obtain(kNames, key, kBoth).has_value());
    EXPECT_EQ(events.at(0), "acme.account_without_contact");
}

TEST_F(AcmeClient, an_authority_that_forgot_the_account_is_introduced_again) {
    auto client = make();
    ASSERT_TRUE(client.obtain(kNames, key, kBoth).has_value());
    authority.forget_accounts();
    ASSERT_TRUE(client.obtain(kNames, key, kBoth).has_value());
    EXPECT_EQ(authority.accounts, 2);
}

TEST_F(AcmeClient, what_cannot_be_used_is_not_taken) {
    auto client = make();
    authority.wrong_key = true;
    EXPECT_FALSE(client.obtain(kNames, key, kBoth).has_value());
    authority.wrong_key = false;
    authority.leave_out = kNames[1];
    auto partly = client.obtain(kNames, key, kBoth);
    ASSERT_FALSE(partly.has_value());
    EXPECT_NE(partly.error().error.text.find(kNames[1]), std::string::npos);
}

TEST_F(AcmeClient, external_accounts_are_told_with_their_mend) {
    authority.external_account = true;
    auto failed = make().obtain(kNames, key, kBoth);
    ASSERT_FALSE(failed.has_value());
    EXPECT_NE(failed.error().error.mend.find("Let's Encrypt"), std::string::npos);
}

TEST_F(AcmeClient, ends_when_the_server_stops) {
    authority.processing = 1'000;
    stopping = true;
    auto failed = make().obtain(kNames, key, kBoth);
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().error.kind, ErrorKind::cancelled);
}

TEST_F(AcmeClient, waits_as_long_as_it_is_told_within_bounds) {
    authority.processing = 1'000;
    int calls = 0;
    authority.instead["/orders/0"] = {
        200,
        {{"retry-after", "86400"}},
        R"({"status":"processing","finalize":"https://ca.test/finalize/0"})"};
    Client bounded({.directory_url = FakeAuthority::kDirectory}, *Key::generate(), challenges,
                   {.fetch = [this](const auto& call) { return authority.fetch(call); },
                    .wait =
                        [&](Seconds wait) {
                            waits.push_back(wait);
                            return ++calls < 5;
                        },
                    .note = [](const auto&, const auto&) {}});
    EXPECT_FALSE(bounded.obtain({"a.test"}, key, kBoth).has_value());
    ASSERT_FALSE(waits.empty());
    for (auto wait : waits) EXPECT_LE(wait, Seconds(30));
}

}  // namespace
}  // namespace posthaste::acme
