#include "delivery/sts/mta_sts_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kGood =
    "version: STSv1\r\nmode: enforce\r\nmx: mail.Example.com\r\nmx: *.example.net\r\nmax_age: "
    "604800\r\n";

TEST(StsPolicyFile, a_policy_as_the_standard_shows_it) {
    const auto policy = parse_sts_policy(kGood);
    ASSERT_TRUE(policy.has_value()) << policy.error().text;
    EXPECT_EQ(policy->mode, StsMode::enforce);
    EXPECT_EQ(policy->max_age, Seconds(604'800));
    EXPECT_THAT(policy->mx, ElementsAre("mail.example.com", "*.example.net"));
    EXPECT_THAT(policy->lines,
                ElementsAre("version: STSv1", "mode: enforce", "mx: mail.Example.com",
                            "mx: *.example.net", "max_age: 604800"));
}

TEST(StsPolicyFile, forms_that_are_allowed) {
    const auto read = [](std::string_view body) { return parse_sts_policy(body); };
    EXPECT_TRUE(read("version:STSv1\nmode:none\nmax_age:0").has_value()) << "mode none needs no mx";
    EXPECT_EQ(read("max_age: 31557601\nmx: a.b\nmode: testing\nversion: STSv1\n\n")->max_age,
              Seconds(31'557'600));
    EXPECT_EQ(
        read("max_age: 0000000000000007\nmx: a.b\nmode: testing\nversion: STSv1 \t\n")->max_age,
        Seconds(7));
    const auto twice = read(
        "version: STSv1\nversion: STSv2\nmode: enforce\nmode: none\nmx: a.b\nmax_age: 1\nmax_age: "
        "x\n"
        "future_field: \xc3\xa4\xc3\xb6 : = ;\n");
    ASSERT_TRUE(twice.has_value()) << twice.error().text;
    EXPECT_EQ(twice->mode, StsMode::enforce) << "of what may come once the first counts";
    EXPECT_EQ(twice->max_age, Seconds(1));
    EXPECT_THAT(read("version: STSv1\nmode: none\nmax_age: 5\nmx: xn--bcher-kva.example.\n")->mx,
                ElementsAre("xn--bcher-kva.example"));
}

TEST(StsPolicyFile, mistakes_are_named) {
    const std::pair<std::string, const char*> table[] = {
        {"", "no version"},
        {"<html><body>not found</body></html>", "is no \"key: value\""},
        {"version: STSv2\nmode: none\nmax_age: 1\n", "only STSv1"},
        {"mode: none\nmax_age: 1\n", "no version"},
        {"version: STSv1\nmax_age: 1\n", "no mode"},
        {"version: STSv1\nmode: none\n", "no max_age"},
        {"version: STSv1\nmode: Enforce\nmax_age: 1\nmx: a.b", "its mode is \"Enforce\""},
        {"version: STSv1\nmode: enforce\nmax_age: 1\n", "no mx"},
        {"version: STSv1\nmode: enforce\nmax_age: -1\nmx: a.b", "max_age"},
        {"version: STSv1\nmode: enforce\nmax_age: 1.5\nmx: a.b", "max_age"},
        {"version: STSv1\nmode: enforce\nmax_age: 99999999999\nmx: a.b", "max_age"},
        {"version: STSv1\nmode: enforce\nmax_age: 1\nmx: a b", "\"a b\" is no host name"},
        {"version: STSv1\nmode: enforce\nmax_age: 1\nmx: *", "is no host name"},
        {"version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.*.b", "is no host name"},
        {"version: STSv1\nmode: enforce\nmax_age: 1\nmx: [192.0.2.1]", "is no host name"},
        {"version: STSv1\nmode: enforce\nmax_age: 1\nmx: b\xc3\xbc"
         "cher.example",
         "is no host name"},
        {"version: STSv1\nmode: none\nmax_age: 1\nx: \xff", "UTF-8"},
        {std::string("version: STSv1\nmode: none\nmax_age: 1\nx: \0y", 42), "UTF-8"},
    };
    for (const auto& [body, word] : table) {
        const auto policy = parse_sts_policy(body);
        ASSERT_FALSE(policy.has_value()) << body;
        EXPECT_THAT(policy.error().text, HasSubstr(word)) << body;
    }
}

TEST(StsPolicyFile, sixty_four_kilobytes_and_no_more) {
    std::string body(kGood);
    body.append(kStsBodyAtMost - body.size() - 3, 'x').insert(kGood.size(), "a:b");
    EXPECT_EQ(body.size(), kStsBodyAtMost);
    EXPECT_TRUE(parse_sts_policy(body).has_value());
    body += "x";
    EXPECT_EQ(parse_sts_policy(body).error().kind, ErrorKind::too_large);
}

TEST(StsPolicyFile, the_fingerprint_is_of_what_is_promised) {
    const auto print = [](std::string_view body) {
        return make_policy(*parse_sts_policy(body), "1").fingerprint;
    };
    const std::string rest = "version: STSv1\nmax_age: 5\n";
    EXPECT_EQ(print(rest + "mode: enforce\nmx: a.b\nmx: *.c.d\n"), "enforce:*.c.d,a.b");
    EXPECT_EQ(print(rest + "mode: enforce\nmx: *.C.d\nmx: a.b\nmx: a.b\n"), "enforce:*.c.d,a.b");
    EXPECT_NE(print(rest + "mode: testing\nmx: a.b\n"), print(rest + "mode: enforce\nmx: a.b\n"));
    std::string many, others;
    for (int i = 0; i < 50; ++i) {
        many += "mx: host" + std::to_string(i) + ".example.com\n";
        others += "mx: host" + std::to_string(i + 1) + ".example.com\n";
    }
    EXPECT_LT(print(rest + "mode: enforce\n" + many).size(), 60U);
    EXPECT_NE(print(rest + "mode: enforce\n" + many), print(rest + "mode: enforce\n" + others));
}

TEST(StsPolicyFile, which_hosts_it_lists) {
    const auto policy = make_policy(*parse_sts_policy(kGood), "1");
    for (const char* host : {"mail.example.com", "MAIL.example.com.", "a.example.net"})
        EXPECT_TRUE(lists(policy, host)) << host;
    for (const char* host : {"example.net", "a.b.example.net", "xmail.example.com", ".example.net",
                             "mail.example.com.evil.example", ""})
        EXPECT_FALSE(lists(policy, host)) << host;
}

}  // namespace
}  // namespace posthaste::delivery
