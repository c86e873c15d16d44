// The admin API's DKIM keys over a real store, and a DNS of a table.
#include "web/admin/dkim.h"

#include "accounts/testing.h"
#include "delivery/testing.h"
#include "formats/json.h"
#include "mail/dkim/dkim_key.h"
#include "runtime/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

using formats::JsonValue;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class NoCourier final : public queue::Courier {
    runtime::Task<queue::Location> locate(mail::Domain, std::string) override {
        co_return queue::Location{};
    }

    runtime::Task<queue::ParcelReport> deliver(queue::Parcel) override {
        co_return queue::ParcelReport{};
    }
};

std::string text(const JsonValue& value, std::string_view key) {
    const auto* found = value.find(key);
    return found == nullptr ? std::string()
                            : std::string(found->as_string().value_or(std::string_view()));
}

class AdminDkimTest : public ::testing::Test {
  protected:
    AdminDkimTest() {
        workers_.start();
        queue_.emplace(queue::Queue::Options{}, store_.store(), courier_, workers_, blocking_,
                       store_.log(), [](const Event&) {});
        AdminServices services{store_.store(),     *queue_, blocking_, nullptr,
                               "mail.example.com", "1.2.3"};
        add_admin_api(blind_, services);
        services.resolver = &dns_;
        add_admin_api(router_, services);
        store_.add_domain("example.com");
    }

    ~AdminDkimTest() override {
        workers_.stop_and_join();
        blocking_.stop();
    }

    JsonValue ask(std::string method, std::string_view target, std::string body = {},
                  int status = 200, bool blind = false) {
        runtime::Worker worker("client");
        HttpRequest request;
        request.method = std::move(method);
        request.body = std::move(body);
        EXPECT_TRUE(request.set_target(target).has_value());
        const auto response =
            runtime::run_to_end(worker, store_.log(), (blind ? blind_ : router_).route(request))
                .value();
        EXPECT_EQ(response.status, status) << target << ": " << response.body;
        EXPECT_THAT(response.body, Not(HasSubstr("KEY-----\\n")));
        return JsonValue::parse(response.body).value();
    }

    // Made, and its record.
    std::string made(const std::string& selector) {
        return text(ask("POST", "/v1/dkim",
                        R"({"domain":"example.com","algorithm":"ed25519","selector":")" + selector +
                            R"("})",
                        201),
                    "record");
    }

    std::string state(std::size_t index) {
        return text(ask("GET", "/v1/dkim?domain=example.com").find("keys")->items()[index],
                    "state");
    }

    accounts::testing::TempStore store_;
    NoCourier courier_;
    runtime::WorkerPool workers_{1};
    runtime::BlockingPool blocking_{"test", 1, 64};
    std::optional<queue::Queue> queue_;
    delivery::testing_tools::FakeResolver dns_;
    Router router_, blind_;
};

constexpr const char* kName = "s1._domainkey.example.com";
constexpr const char* kActivate = "/v1/dkim/example.com/s1/activate";

TEST_F(AdminDkimTest, ActiveOnlyWhenDnsShowsIt) {
    const auto record = made("s1");
    EXPECT_THAT(text(ask("POST", kActivate, {}, 403), "error"), HasSubstr("no TXT record"));
    dns_.set_txt(kName, {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="});
    const auto wrong = ask("POST", kActivate, R"({"checked":true})", 403);
    EXPECT_THAT(text(wrong, "error"),
                AllOf(HasSubstr(kName), HasSubstr("character "), HasSubstr("11qYAYKx"),
                      HasSubstr("expected  " + record)));
    EXPECT_THAT(text(wrong, "mend"), HasSubstr("TTL"));
    dns_.set_txt(kName, net::DnsStatus::failed, "the name servers do not answer");
    EXPECT_THAT(text(ask("POST", kActivate, {}, 503), "error"), HasSubstr("do not answer"));
    EXPECT_EQ(state(0), "pending");
    dns_.set_txt(kName, {record});
    ask("POST", kActivate);
    EXPECT_EQ(state(0), "active");
    ask("POST", kActivate, {}, 409);
}

TEST_F(AdminDkimTest, UncheckedByWish) {
    made("s1");
    EXPECT_THAT(text(ask("POST", kActivate, {}, 503, true), "mend"), HasSubstr("resolv.conf"));
    ask("POST", kActivate, R"({"checked":"no"})", 400);
    ask("POST", kActivate, R"({"checked":false})", 200, true);
    EXPECT_EQ(state(0), "active");
    made("s2");
    const auto done = ask("POST", "/v1/dkim/example.com/s2/activate", R"({"checked":false})");
    EXPECT_EQ(text(done, "retired"), "s1");
    EXPECT_EQ(state(0), "retiring");
    ask("DELETE", "/v1/dkim/example.com/s2", {}, 403);
    ask("POST", "/v1/dkim/example.com/s2/retire");
    ask("DELETE", "/v1/dkim/example.com/s2");
    ask("DELETE", "/v1/dkim/example.com/s2", {}, 404);
}

TEST_F(AdminDkimTest, TheListSaysWhatDnsShows) {
    dns_.set_txt(kName, {made("s1")});
    made("s2");
    const auto answer = ask("GET", "/v1/dkim?domain=example.com&check=1");
    const auto keys = answer.find("keys")->items();
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(text(*keys[0].find("dns"), "verdict"), "ok");
    EXPECT_EQ(text(*keys[1].find("dns"), "verdict"), "missing");
    EXPECT_NE(text(*keys[1].find("dns"), "mend"), "");
    EXPECT_THAT(text(keys[0], "zone"), HasSubstr("s1._domainkey.example.com.  TXT"));
    EXPECT_EQ(ask("GET", "/v1/dkim").find("keys")->items()[0].find("dns"), nullptr);
    const auto dns = ask("GET", "/v1/dns?domain=example.com");
    EXPECT_THAT(text(dns.find("domains")->items()[0], "zone"),
                AllOf(HasSubstr("s1._domainkey.example.com."), HasSubstr("s2._domainkey")));
}

TEST_F(AdminDkimTest, AKeyIsTakenOverAndNeverGivenOut) {
    const auto pem =
        mail::DkimKey::generate(mail::DkimAlgorithm::rsa_sha256, 1024).value().to_pem();
    formats::JsonWriter body;
    body.begin_object().member("domain", "example.com").member("selector", "old");
    body.member("pem", pem.reveal()).end_object();
    const auto key = ask("POST", "/v1/dkim", std::move(body).take(), 201);
    EXPECT_THAT(text(key, "warning"), HasSubstr("1024"));
    ask("GET", "/v1/dkim");
}

TEST_F(AdminDkimTest, WhatIsRefused) {
    const std::pair<const char*, int> rows[] = {
        {R"({})", 400},
        {R"({"domain":"example.net"})", 404},
        {R"({"domain":"example.com","algorithm":"dsa"})", 400},
        {R"({"domain":"example.com","bits":"2048"})", 400},
        {R"({"domain":"example.com","bits":512})", 400},
        {R"({"domain":"example.com","bits":-1})", 400},
        {R"({"domain":"example.com","selector":"a b"})", 400},
        {R"({"domain":"example.com","selector":"x","pem":"-----BEGIN PRIV KEY-----"})", 400},
    };
    for (const auto& [body, status] : rows) {
        const auto answer = ask("POST", "/v1/dkim", body, status);
        EXPECT_NE(text(answer, "error"), "") << body;
        EXPECT_NE(text(answer, "mend"), "") << body;
    }
    ask("GET", "/v1/dkim?domain=example.net", {}, 404);
}

}  // namespace
}  // namespace posthaste::web
