#include "delivery/route.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

RouteRule rule(std::vector<std::string> to, RouteRule::Kind kind, std::string host = {}) {
    RouteRule made;
    made.to = std::move(to);
    made.kind = kind;
    if (!host.empty()) {
        made.smarthost.emplace();
        made.smarthost->host = std::move(host);
    }
    return made;
}

struct RouteRow {
    const char* name;
    const char* domain;
    RouteRule::Kind kind;
    const char* site;
};

class RouteChoice : public testing::TestWithParam<RouteRow> {};

TEST_P(RouteChoice, Is) {
    using enum RouteRule::Kind;
    const Routes routes({rule({"example.net", "BÜCHER.example"}, smarthost, "A.example"),
                         rule({".example.net"}, hold), rule({"example.net", "trap.example"}, trap),
                         rule({"single"}, smarthost, "b.example"), rule({".example"}, mx)});
    const auto domain = mail::Domain::parse(GetParam().domain);
    ASSERT_TRUE(domain);
    const Route& route = routes.choose(*domain);
    EXPECT_EQ(route.kind, GetParam().kind);
    EXPECT_EQ(route.site, GetParam().site);
}

INSTANTIATE_TEST_SUITE_P(
    All, RouteChoice,
    testing::Values(
        RouteRow{"exact", "example.net", RouteRule::Kind::smarthost, "relay:a.example:587"},
        RouteRow{"exact_in_capitals", "EXAMPLE.NET", RouteRule::Kind::smarthost,
                 "relay:a.example:587"},
        RouteRow{"a_u_label", "xn--bcher-kva.example", RouteRule::Kind::smarthost,
                 "relay:a.example:587"},
        RouteRow{"below", "x.y.example.net", RouteRule::Kind::hold, ""},
        RouteRow{"not_below", "notexample.net", RouteRule::Kind::mx, ""},
        RouteRow{"a_later_rule", "trap.example", RouteRule::Kind::trap, "trap"},
        RouteRow{"a_single_label", "single", RouteRule::Kind::smarthost, "relay:b.example:587"},
        RouteRow{"no_rule", "example.com", RouteRule::Kind::mx, ""},
        RouteRow{"a_literal", "[192.0.2.1]", RouteRule::Kind::mx, ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Routes, WhatIsReleasedGoesAsIfNothingSaidHold) {
    using enum RouteRule::Kind;
    const Routes routes({rule({"a.example"}, hold), rule({"a.example"}, trap), rule({"*"}, hold)});
    const auto domain = mail::Domain::parse("a.example");
    EXPECT_EQ(routes.choose(*domain).kind, hold);
    EXPECT_EQ(routes.choose(*domain, Routes::Holds::passed).kind, trap);
    EXPECT_EQ(routes.choose(*mail::Domain::parse("b.example"), Routes::Holds::passed).kind, mx);
}

TEST(Routes, LoginsAtOneRelayAreSitesOfTheirOwn) {
    auto first = rule({"a.example"}, RouteRule::Kind::smarthost, "relay.example");
    auto second = rule({"*"}, RouteRule::Kind::smarthost, "relay.example");
    second.smarthost->username = "anna";
    const Routes routes({first, second});
    EXPECT_NE(routes.choose(*mail::Domain::parse("a.example")).site,
              routes.choose(*mail::Domain::parse("b.example")).site);
}

}  // namespace
}  // namespace posthaste::delivery
