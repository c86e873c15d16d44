#include "web/pages/challenge_pages.h"

#include "runtime/run.h"
#include "web/testing.h"

#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

HttpRequest request_for(std::string method, std::string_view target, std::string host) {
    HttpRequest request;
    request.method = std::move(method);
    EXPECT_TRUE(request.set_target(target).has_value()) << target;
    if (!host.empty()) request.headers.emplace_back("Host", std::move(host));
    return request;
}

runtime::Task<bool> is_known(std::string host) {
    co_return host == "autodiscover.example.test" || host == "mail.test";
}

HttpResponse ask(const HttpRequest& request, const std::string& base) {
    Router router;
    add_challenge_pages(router, {[](std::string_view token) -> std::optional<std::string> {
                                     if (token == "abc") return "abc.thumbprint";
                                     return std::nullopt;
                                 },
                                 base, [](std::string host) { return is_known(std::move(host)); }});
    runtime::Worker worker("test");
    auto answer = runtime::run_to_end(worker, testing::quiet_log(), router.route(request));
    return answer.value_or(HttpResponse{});
}

std::string location(const HttpResponse& response) {
    for (const auto& [name, value] : response.headers)
        if (name == "Location") return value;
    return {};
}

TEST(ChallengePages, a_known_token_is_answered_and_no_other) {
    auto known =
        ask(request_for("GET", "/.well-known/acme-challenge/abc", "x.test"), "https://mail.test");
    EXPECT_EQ(known.status, 200);
    EXPECT_EQ(known.body, "abc.thumbprint");
    EXPECT_EQ(
        ask(request_for("GET", "/.well-known/acme-challenge/abd", "x.test"), "https://mail.test")
            .status,
        404);
}

TEST(ChallengePages, the_rest_is_at_https_under_the_same_name) {
    struct {
        std::string_view target;
        std::string host, base, wanted;
    } const cases[] = {
        {"/autodiscover/autodiscover.xml", "Autodiscover.Example.test", "https://mail.test",
         "https://autodiscover.example.test/autodiscover/autodiscover.xml"},
        {"/", "mail.test:80", "https://mail.test", "https://mail.test/"},
        {"/a%2Fb/%C3%A4?x=1&y=a+b", "mail.test", "https://mail.test:8443",
         "https://mail.test:8443/a%2Fb/%C3%A4?x=1&y=a%20b"},
        {"/x", "", "https://mail.test", "https://mail.test/x"},
        {"/x", "evil\"><b>", "https://mail.test", "https://mail.test/x"},
        {"/x", "192.0.2.1", "https://mail.test", "https://mail.test/x"},
        {"/x", "[2001:db8::1]:80", "https://mail.test", "https://mail.test/x"},
        {"/x", "user@evil.test", "https://mail.test", "https://mail.test/x"},
    };

    for (const auto& [target, host, base, wanted] : cases) {
        auto response = ask(request_for("GET", target, host), base);
        EXPECT_EQ(response.status, 302) << target;
        EXPECT_EQ(location(response), wanted);
    }
}

TEST(ChallengePages, nobody_is_sent_to_a_name_that_is_not_ours) {
    for (const char* host : {"evil.test", "autodiscover.evil.test:80", "mail.test.evil.test"}) {
        auto response = ask(request_for("GET", "/x", host), "https://mail.test");
        EXPECT_EQ(response.status, 404) << host;
        EXPECT_EQ(location(response), "") << host;
    }
    // As a proxy calls us.
    auto response = ask(request_for("GET", "/x", "other.test"), "https://Other.test:8443");
    EXPECT_EQ(location(response), "https://other.test:8443/x");
}

TEST(ChallengePages, nothing_is_posted_in_clear) {
    auto response = ask(request_for("POST", "/autodiscover/autodiscover.xml", "mail.test"),
                        "https://mail.test");
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(location(response), "");
}

TEST(ChallengePages, without_https_there_is_nothing_else) {
    EXPECT_EQ(ask(request_for("GET", "/", "mail.test"), "").status, 404);
}

}  // namespace
}  // namespace posthaste::web
