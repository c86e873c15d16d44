#include "net/http_client.h"

#include <gtest/gtest.h>

namespace posthaste::net {
namespace {

TEST(HttpAnswer, retry_after_in_both_forms) {
    const auto wait = [](std::string text) {
        return HttpAnswer{503, {{"retry-after", std::move(text)}}, {}}.retry_after();
    };
    EXPECT_EQ(wait("120"), Seconds(120));
    EXPECT_EQ(wait("-5"), Seconds(0));
    EXPECT_EQ(wait("99999999999"), Seconds(365 * 86'400));
    EXPECT_EQ(wait("Fri, 31 Dec 1999 23:59:59 GMT"), Seconds(0));
    EXPECT_GT(wait("Fri, 31 Dec 2099 23:59:59 GMT"), Seconds(86'400));
    EXPECT_EQ(wait("soon"), std::nullopt);
    EXPECT_EQ(HttpAnswer{}.retry_after(), std::nullopt);
}

TEST(HttpClient, asks_by_https_only) {
    auto client = HttpClient::make({});
    ASSERT_TRUE(client.has_value());
    for (const char* url : {"http://localhost/", "file:///etc/passwd", "gopher://a", ""}) {
        auto answer = (*client)->fetch({"GET", url, {}, {}}, Deadline::after(Seconds(5)));
        ASSERT_FALSE(answer.has_value()) << url;
        EXPECT_EQ(answer.error().kind, ErrorKind::syntax) << url;
    }
}

TEST(HttpClient, a_port_where_nobody_listens_is_told_with_the_host) {
    auto client = HttpClient::make({});
    auto answer =
        (*client)->fetch({"GET", "https://127.0.0.1:1/x", {}, {}}, Deadline::after(Seconds(5)));
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, ErrorKind::refused);
    EXPECT_NE(answer.error().text.find("127.0.0.1:1"), std::string::npos);
}

// A name that no DNS has: that it was found, and where, is seen by the refusal.
TEST(HttpClient, goes_to_the_addresses_it_is_given_and_nowhere_else) {
    HttpClient::Options options;
    options.direct = true;
    auto client = HttpClient::make(options);
    for (const char* url : {"https://nowhere.invalid:1/x", "https://nowhere.invalid/x"}) {
        HttpCall call;
        call.url = url;
        call.addresses = {*IpAddress::parse("127.255.255.254"), *IpAddress::parse("::1")};
        auto answer = (*client)->fetch(call, Deadline::after(Seconds(5)));
        ASSERT_FALSE(answer.has_value());
        EXPECT_EQ(answer.error().kind, ErrorKind::refused) << answer.error().text;
    }
}

TEST(HttpClient, ends_when_it_is_stopped_and_when_time_is_up) {
    auto client = HttpClient::make({});
    auto late =
        (*client)->fetch({"GET", "https://127.0.0.1:1/", {}, {}}, Deadline::after(Seconds(-1)));
    EXPECT_EQ(late.error().kind, ErrorKind::timeout);
    (*client)->stop();
    auto stopped =
        (*client)->fetch({"GET", "https://127.0.0.1:1/", {}, {}}, Deadline::after(Seconds(5)));
    EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
}

TEST(HttpClient, a_missing_file_of_authorities_is_told_at_once) {
    auto client = HttpClient::make({.ca_file = "/nowhere/ca.pem"});
    ASSERT_FALSE(client.has_value());
    EXPECT_EQ(client.error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace posthaste::net
