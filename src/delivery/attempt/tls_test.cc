// What whole attempts do with what domains promise about TLS, and what reports are told of it.
#include "delivery/testing.h"
#include "delivery/tls/tls_policy.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using testing_tools::FakeHop;
using testing_tools::FakeResolver;
using testing_tools::Loop;

class FakeSts final : public StsPolicies {
  public:
    runtime::Task<std::optional<StsPolicy>> policy_of(mail::Domain domain, Deadline) override {
        const auto found = policies.find(domain.ascii());
        co_return found == policies.end() ? std::nullopt : std::optional(found->second);
    }

    runtime::Task<bool> is_current(mail::Domain, StsPolicy, Deadline) override {
        ++asked_again;
        co_return true;
    }

    int asked_again = 0;

    std::map<std::string, StsPolicy> policies;
};

class Sessions final : public TlsSessionSink {
  public:
    void note(const TlsSession& session) override { all.push_back(session); }

    std::vector<TlsSession> all;
};

class AttemptTlsTest : public ::testing::Test {
  protected:
    AttemptTlsTest() {
        auto opened = store::Store::open(
            {.path = folder_ / "store", .create = true, .committer = {}, .content_memory = 1 << 20},
            loop_.log);
        PH_ASSERT(opened.has_value());
        store_ = std::move(*opened);
        auto files = net::ensure_own_certificates(folder_ / "certificates", {"mx.example.net"});
        PH_ASSERT(files.has_value());
        auto context = net::TlsServerContext::make({.certificates = *files});
        PH_ASSERT(context.has_value());
        hop_.tls = *context;
        options_.hostname = "mail.example.com";
        options_.command_timeout = Seconds(3);
        options_.connect_timeout = Seconds(3);
        options_.allow_private_addresses = true;
        options_.mx_port = hop_.port();
        resolver_.set_mx("example.net", {{10, "mx.example.net"}});
        resolver_.set_mx("example.org", {{10, "mx.example.net"}});
        resolver_.set_addresses("mx.example.net", {"127.0.0.1"});
    }

    ~AttemptTlsTest() override {
        if (!courier_) return;
        loop_.run(stop());
        courier_.reset();
    }

    runtime::Task<void> stop() {
        runtime::Callback<void> stopped;
        courier_->stop([stopped] { stopped({}); });
        auto waiting = stopped.wait(Deadline::after(Seconds(10)));
        const auto done = co_await std::move(waiting);
        EXPECT_TRUE(done);
    }

    queue::Courier& courier() {
        if (!courier_) {
            courier_ = make_courier(options_, *store_, resolver_, nullptr, loop_.workers, blocking_,
                                    loop_.log, {&sts_, &sessions_, nullptr});
        }
        return *courier_;
    }

    mail::Outcome deliver(const std::string& to, std::uint32_t attempts = 0) {
        store::AddMessage message = store::testing::make_message(1, "Hello\r\n");
        message.row.accepted = store_->clock().now_queue();
        message.row.tls_wish = wish_;
        queue::Parcel parcel;
        parcel.message = std::make_shared<const store::MessageRow>(message.row);
        store::RecipientRow row = message.recipients[0];
        row.address = store::testing::mailbox(to);
        row.attempts = attempts;
        parcel.recipients.push_back(std::move(row));
        parcel.site = "site";
        auto report = loop_.run(courier().deliver(std::move(parcel)));
        PH_ASSERT(report && report->outcomes.size() == 1);
        return report->outcomes[0].second;
    }

    void enforce(const std::string& domain, const std::string& mx,
                 StsMode mode = StsMode::enforce) {
        StsPolicy policy;
        policy.mode = mode;
        policy.mx = {mx};
        policy.fingerprint = "f" + std::to_string(mx.size());
        sts_.policies[domain] = std::move(policy);
    }

    std::string site_of(const std::string& domain) {
        auto location = loop_.run(courier().locate(*mail::Domain::parse(domain), ""));
        PH_ASSERT(location && location->site);
        return location->site->key;
    }

    bool said(const std::string& verb) const {
        return std::ranges::any_of(hop_.lines, [&](const auto& l) { return l.starts_with(verb); });
    }

    store::testing::TempFolder folder_;
    Loop loop_;
    runtime::BlockingPool blocking_{"blocking", 1, 10};
    FakeResolver resolver_;
    FakeSts sts_;
    Sessions sessions_;
    FakeHop hop_{loop_};
    Options options_;
    store::TlsWish wish_ = store::TlsWish::none;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Carrier> courier_;
};

TEST_F(AttemptTlsTest, AHostThatThePolicyDoesNotListIsNotConnectedTo) {
    enforce("example.net", "other.example.net");
    const auto outcome = deliver("a@example.net");
    EXPECT_EQ(outcome.verdict, mail::Verdict::deferred);
    EXPECT_EQ(outcome.status.to_string(), "4.7.5");
    EXPECT_EQ(outcome.tls_policy, "sts");
    EXPECT_NE(outcome.reply.find("does not list mx.example.net"), std::string::npos);
    EXPECT_EQ(hop_.connections, 0);
    ASSERT_EQ(sessions_.all.size(), 1U);
    EXPECT_EQ(sessions_.all[0].reason, "mtasts-policy-mx-mismatch");
}

TEST_F(AttemptTlsTest, AnEnforcedCertificateThatNobodyTrustsGetsNoMailEver) {
    enforce("example.net", "mx.example.net");
    for (std::uint32_t attempts = 0; attempts < 3; ++attempts) {
        const auto outcome = deliver("a@example.net", attempts);
        EXPECT_EQ(outcome.status.to_string(), "4.7.5");
        EXPECT_EQ(outcome.tls_policy, "sts");
    }
    EXPECT_TRUE(hop_.transactions.empty());
    EXPECT_FALSE(said("MAIL"));
    ASSERT_EQ(sessions_.all.size(), 3U);
    EXPECT_EQ(sessions_.all[0].result, TlsResult::certificate_not_trusted);
    EXPECT_EQ(sessions_.all[0].type, TlsSession::PolicyType::sts);
    EXPECT_EQ(sessions_.all[0].helo, "hop.example");
    EXPECT_EQ(sessions_.all[0].sending_ip->to_string(), "127.0.0.1");
    EXPECT_EQ(sessions_.all[0].receiving_ip->to_string(), "127.0.0.1");
}

TEST_F(AttemptTlsTest, WhatAPolicyKeepsBackAsksForTheRecordAgain) {
    enforce("example.net", "other.example.net");
    EXPECT_EQ(deliver("a@example.net").verdict, mail::Verdict::deferred);
    EXPECT_EQ(sts_.asked_again, 1) << "no host is listed";
    enforce("example.net", "mx.example.net");
    EXPECT_EQ(deliver("a@example.net").verdict, mail::Verdict::deferred);
    EXPECT_EQ(sts_.asked_again, 2) << "the certificate is nobody's";
    enforce("example.net", "mx.example.net", StsMode::testing);
    EXPECT_EQ(deliver("a@example.net").verdict, mail::Verdict::delivered);
    EXPECT_EQ(sts_.asked_again, 2);
}

TEST_F(AttemptTlsTest, TestingTellsWhatWouldHaveBeenAndKeepsNobodyOut) {
    enforce("example.net", "mx.example.net", StsMode::testing);
    EXPECT_EQ(deliver("a@example.net").verdict, mail::Verdict::delivered);
    ASSERT_EQ(sessions_.all.size(), 1U);
    EXPECT_EQ(sessions_.all[0].result, TlsResult::certificate_not_trusted);
}

TEST_F(AttemptTlsTest, ASessionIsToldOnceHoweverManyMessagesItCarries) {
    EXPECT_EQ(deliver("a@example.net").tls_policy, "may");
    EXPECT_EQ(deliver("b@example.net").verdict, mail::Verdict::delivered);
    EXPECT_EQ(hop_.connections, 1);
    ASSERT_EQ(sessions_.all.size(), 1U);
    EXPECT_EQ(sessions_.all[0].result, TlsResult::success);
    EXPECT_EQ(sessions_.all[0].policy_domain, "example.net");
}

TEST_F(AttemptTlsTest, AHostWithoutStarttlsIsTold) {
    hop_.tls = nullptr;
    EXPECT_EQ(deliver("a@example.net").verdict, mail::Verdict::delivered);
    ASSERT_EQ(sessions_.all.size(), 1U);
    EXPECT_EQ(sessions_.all[0].result, TlsResult::starttls_not_supported);
}

TEST_F(AttemptTlsTest, MailThatSaysTlsIsOptionalKeepsNoPolicyAndIsNotTold) {
    enforce("example.net", "other.example.net");
    wish_ = store::TlsWish::optional;
    EXPECT_EQ(deliver("a@example.net").verdict, mail::Verdict::delivered);
    EXPECT_TRUE(sessions_.all.empty());
}

TEST_F(AttemptTlsTest, AnUnverifiedConnectionIsNotLentToWhoAsksForMore) {
    EXPECT_EQ(deliver("a@example.org").verdict, mail::Verdict::delivered);
    enforce("example.net", "mx.example.net");
    EXPECT_EQ(deliver("a@example.net").status.to_string(), "4.7.5");
    EXPECT_EQ(hop_.connections, 2);
    EXPECT_EQ(deliver("b@example.org").verdict, mail::Verdict::delivered);
    EXPECT_EQ(hop_.connections, 2) << "the neighbour's is as good as before";
}

TEST_F(AttemptTlsTest, AnEnforcedPolicyMakesASiteOfItsOwn) {
    const std::string before = site_of("example.net");
    EXPECT_EQ(before, site_of("example.org"));
    enforce("example.net", "mx.example.net");
    EXPECT_NE(site_of("example.net"), before);
    EXPECT_EQ(site_of("example.org"), before);
    enforce("example.org", "mx.example.net");
    EXPECT_EQ(site_of("example.net"), site_of("example.org")) << "the same promise";
    enforce("example.org", "mx.example.net", StsMode::testing);
    EXPECT_EQ(site_of("example.org"), before) << "which promises nothing";
    resolver_.set_mx("example.org",
                     {net::DnsStatus::ok, {{10, "mx.example.net"}}, true, "", "example.org"});
    EXPECT_NE(site_of("example.org"), before) << "DANE may hold for it";
}

TEST_F(AttemptTlsTest, ClearTextWaitsForTheSecondAttemptAndASmallerHello) {
    hop_.replies["HANDSHAKE"] = "close";
    EXPECT_EQ(deliver("a@example.net").status.to_string(), "4.7.5");
    EXPECT_EQ(hop_.connections, 1);
    EXPECT_EQ(deliver("a@example.net", 1).verdict, mail::Verdict::delivered);
    EXPECT_EQ(hop_.connections, 4) << "as usual, with a small hello, in clear";
    EXPECT_FALSE(hop_.transactions.at(0).tls);
}

TEST_F(AttemptTlsTest, GoogleNeverGetsClearText) {
    resolver_.set_mx("example.net", {{10, "smtp.google.com"}});
    resolver_.set_addresses("smtp.google.com", {"127.0.0.1"});
    hop_.replies["HANDSHAKE"] = "close";
    EXPECT_EQ(deliver("a@example.net", 3).status.to_string(), "4.7.5");
    EXPECT_TRUE(hop_.transactions.empty());
}

TEST_F(AttemptTlsTest, AConnectionThatBreaksBeforeARecipientIsTlsTroubleToo) {
    hop_.on_line = [](const std::string& line, int connection) -> std::optional<std::string> {
        if (connection <= 2 && line.starts_with("MAIL")) return "close";
        return std::nullopt;
    };
    EXPECT_EQ(deliver("a@example.net", 1).verdict, mail::Verdict::delivered);
    EXPECT_EQ(hop_.connections, 3);
    EXPECT_FALSE(hop_.transactions.at(0).tls);
}

TEST_F(AttemptTlsTest, RequireTlsEndsWhereNobodyKeepsIt) {
    wish_ = store::TlsWish::required;
    resolver_.set_mx("example.net",
                     {net::DnsStatus::ok, {{10, "mx.example.net"}}, true, "", "example.net"});
    const auto outcome = deliver("a@example.net");
    // The certificate is of nobody's authority: temporary, as with MTA-STS.
    EXPECT_EQ(outcome.status.to_string(), "4.7.5");
    EXPECT_FALSE(said("MAIL"));
}

// RFC 8460 §4.3.2.1: the domain's postmaster learns why nobody writes to it any more.
TEST_F(AttemptTlsTest, WrongSignaturesInDnsAreTold) {
    const net::MxAnswer bogus{net::DnsStatus::failed,   {}, false,
                              "the signature is wrong", "", true};
    resolver_.set_mx("example.net", bogus);
    const auto where = *loop_.run(courier().locate(*mail::Domain::parse("example.net"), ""));
    EXPECT_FALSE(where.site);
    EXPECT_EQ(where.otherwise.verdict, mail::Verdict::deferred);
    ASSERT_EQ(sessions_.all.size(), 1U);
    EXPECT_EQ(to_string(sessions_.all[0].result), "dnssec-invalid");
    EXPECT_EQ(sessions_.all[0].type, TlsSession::PolicyType::tlsa);
    EXPECT_EQ(sessions_.all[0].domain, "example.net");
    EXPECT_EQ(sessions_.all[0].policy_domain, "example.net");
    EXPECT_EQ(sessions_.all[0].mx_host, "");
    auto planning = courier_->plan({*mail::Domain::parse("example.net")});
    loop_.run(std::move(planning));
    EXPECT_EQ(sessions_.all.size(), 1U) << "a person's question is no session";
    resolver_.set_mx("example.net", {net::DnsStatus::failed, {}, false, "no answer"});
    loop_.run(courier().locate(*mail::Domain::parse("example.net"), ""));
    EXPECT_EQ(sessions_.all.size(), 1U) << "no answer is no wrong signature";
}

TEST_F(AttemptTlsTest, WrongSignaturesOfAHostsAddressAreTold) {
    resolver_.set_mx("example.net",
                     {net::DnsStatus::ok, {{10, "mx.example.net"}}, true, "", "example.net"});
    net::AddressAnswer bogus;
    bogus.why = "the signature of mx.example.net is wrong";
    bogus.bogus = true;
    resolver_.set_addresses("mx.example.net", bogus);
    const auto outcome = deliver("a@example.net");
    EXPECT_EQ(outcome.status.to_string(), "4.4.3");
    EXPECT_EQ(hop_.connections, 0);
    ASSERT_EQ(sessions_.all.size(), 1U);
    EXPECT_EQ(to_string(sessions_.all[0].result), "dnssec-invalid");
    EXPECT_EQ(sessions_.all[0].mx_host, "mx.example.net");
    EXPECT_EQ(sessions_.all[0].policy_domain, "mx.example.net");
    EXPECT_EQ(sessions_.all[0].domain, "example.net");
    wish_ = store::TlsWish::optional;
    deliver("a@example.net");
    EXPECT_EQ(sessions_.all.size(), 1U) << "such mail is never told of";
}

}  // namespace
}  // namespace posthaste::delivery
