#include "delivery/route/route.h"

#include <set>

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
    EXPECT_EQ(routes.choose(*domain, {}, Routes::Holds::passed).kind, trap);
    EXPECT_EQ(routes.choose(*mail::Domain::parse("b.example"), {}, Routes::Holds::passed).kind, mx);
}

TEST(Routes, LoginsAtOneRelayAreSitesOfTheirOwn) {
    auto first = rule({"a.example"}, RouteRule::Kind::smarthost, "relay.example");
    auto second = rule({"*"}, RouteRule::Kind::smarthost, "relay.example");
    second.smarthost->username = "anna";
    const Routes routes({first, second});
    EXPECT_NE(routes.choose(*mail::Domain::parse("a.example")).site,
              routes.choose(*mail::Domain::parse("b.example")).site);
}

// Everything a rule may ask for, in the order of the file.
Routes by_origin() {
    using enum RouteRule::Kind;
    std::vector<RouteRule> rules;
    const auto add = [&](const char* name, RouteRule made) {
        made.name = name;
        rules.push_back(std::move(made));
    };
    auto both = rule({"bank.example"}, smarthost, "both.example");
    both.accounts = {"Anna@Example.com"};
    add("both", both);
    add("domain", rule({"bank.example"}, smarthost, "domain.example"));
    auto sender = rule({}, smarthost, "sender.example");
    sender.from = {"news@example.com", ".lists.example.com"};
    add("sender", sender);
    auto reports = rule({}, mx);
    reports.from = {"<>"};
    add("reports", reports);
    auto kept = rule({"*"}, hold);
    kept.accounts = {"test@example.com"};
    add("kept", kept);
    add("spare", rule({}, smarthost, "spare.example"));
    add("default", rule({"*"}, smarthost, "default.example"));
    return Routes(rules);
}

struct OriginRow {
    const char* name;
    const char* domain;
    queue::Origin origin;
    const char* route_class;  // what differs from the domain's own
    const char* route;
};

class RouteByOrigin : public testing::TestWithParam<OriginRow> {};

TEST_P(RouteByOrigin, Is) {
    const Routes routes = by_origin();
    const OriginRow& row = GetParam();
    const std::string route_class = routes.class_of(row.domain, row.origin);
    EXPECT_EQ(route_class, row.route_class);
    const auto choice = routes.choice(*mail::Domain::parse(row.domain), route_class);
    EXPECT_EQ(choice.route->name, row.route);
}

INSTANTIATE_TEST_SUITE_P(
    All, RouteByOrigin,
    testing::Values(
        OriginRow{"account_and_domain",
                  "bank.example",
                  {"x@y.example", "anna@example.com", ""},
                  "both",
                  "both"},
        OriginRow{"domain", "bank.example", {"x@y.example", "bert@example.com", ""}, "", "domain"},
        OriginRow{"domain_before_sender",
                  "bank.example",
                  {"news@example.com", "bert@example.com", ""},
                  "",
                  "domain"},
        OriginRow{"sender",
                  "x.example",
                  {"News@EXAMPLE.com", "bert@example.com", ""},
                  "sender",
                  "sender"},
        OriginRow{"sender_exactly",
                  "x.example",
                  {"news@example.com", "bert@example.com", ""},
                  "sender",
                  "sender"},
        OriginRow{"sender_domain",
                  "x.example",
                  {"a@b.lists.example.com", "b@example.com", ""},
                  "sender",
                  "sender"},
        OriginRow{"not_that_sender",
                  "x.example",
                  {"a@lists.example.com", "b@example.com", ""},
                  "",
                  "default"},
        OriginRow{"reports", "x.example", {"", "", ""}, "reports", "reports"},
        OriginRow{"held_by_account",
                  "x.example",
                  {"a@b.example", "test@example.com", ""},
                  "kept>default",
                  "kept"},
        OriginRow{"a_person_said_so",
                  "bank.example",
                  {"x@y.example", "anna@example.com", "spare"},
                  "spare",
                  "spare"},
        OriginRow{"a_person_said_direct", "bank.example", {"", "", "mx"}, "mx", "mx"},
        OriginRow{"a_name_that_is_gone",
                  "x.example",
                  {"a@b.example", "b@example.com", "former"},
                  "",
                  "default"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Routes, WhatAPersonReleasesTakesTheNextRuleOfItsSender) {
    const Routes routes = by_origin();
    const auto choice = routes.choice(*mail::Domain::parse("x.example"), "kept>default");
    EXPECT_EQ(choice.route->kind, RouteRule::Kind::hold);
    EXPECT_EQ(choice.released->name, "default");
    EXPECT_EQ(routes.find("spare")->hosts.at(0).host, "spare.example");
    EXPECT_EQ(routes.find("nobody"), nullptr);
}

TEST(Routes, WhatIsTreatedDifferentlyIsASiteOfItsOwn) {
    using enum RouteRule::Kind;
    auto first = rule({"a.example"}, smarthost, "relay.example");
    auto same = rule({"b.example"}, smarthost, "relay.example");
    auto other = rule({"c.example"}, smarthost, "relay.example");
    other.name = "other";
    other.sources = {"one"};
    auto direct = rule({"d.example"}, mx);
    auto by_v4 = rule({"e.example"}, mx);
    by_v4.name = "by-v4";
    by_v4.families = AddressFamilies::v4_only;
    const Routes routes({first, same, other, direct, by_v4});
    const auto at = [&](const char* domain) -> const Route& {
        return routes.choose(*mail::Domain::parse(domain));
    };
    EXPECT_EQ(at("a.example").site, at("b.example").site);
    EXPECT_EQ(at("c.example").site, "relay:relay.example:587 route=other");
    EXPECT_EQ(at("d.example").mark, "");
    EXPECT_EQ(at("e.example").mark, " route=by-v4");
}

TEST(Routes, HostsOfARelayAreTriedByGroup) {
    auto several = rule({"*"}, RouteRule::Kind::smarthost, "a.example");
    several.hosts = {
        {"A.example", 25, false, 0}, {"b.example", 25, false, 0}, {"c.example", 26, true, 1}};
    const Routes routes({several});
    const Route& route = routes.choose(*mail::Domain::parse("x.example"));
    EXPECT_EQ(route.site, "relay:a.example:25,b.example:25|mx:c.example:26");
    int a_first = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto order = shuffle(route.hosts);
        ASSERT_EQ(order[2].host, "c.example");
        a_first += order[0].host == "a.example" ? 1 : 0;
    }
    EXPECT_GT(a_first, 430);
    EXPECT_LT(a_first, 570);
}

// delivery.md 9.2: connections and windows are a site's, so two identities must be two of them.
TEST(Routes, TwoIdentitiesAtOneRelayShareNothing) {
    const auto rule = [](const std::string& name) {
        RouteRule made;
        made.kind = RouteRule::Kind::smarthost;
        made.name = name;
        made.smarthost.emplace();
        made.smarthost->host = "smtp.provider.net";
        return made;
    };
    std::vector<RouteRule> rules;
    for (const char* name : {"plain", "user", "password", "token", "card", "few", "lmtp", "same"})
        rules.push_back(rule(name));
    rules[1].smarthost->username = "u";
    rules[2].smarthost->username = "u";
    rules[2].smarthost->password = Secret("other");
    auto oauth = std::make_shared<OAuthSettings>();
    oauth->user = "u";
    rules[3].smarthost->username = "u";
    rules[3].smarthost->oauth = oauth;
    auto card = std::make_shared<net::PemIdentity>();
    card->chain_pem = "a certificate";
    rules[4].smarthost->identity = card;
    rules[4].smarthost->external = true;
    rules[5].smarthost->max_connections = 1;
    rules[6].smarthost->lmtp = true;
    const Routes routes(rules);
    std::set<std::string> sites;
    for (std::size_t i = 0; i < 7; ++i) sites.insert(routes.all()[i].site);
    EXPECT_EQ(sites.size(), 7U);
    EXPECT_EQ(routes.all()[7].site, routes.all()[0].site);
    EXPECT_EQ(routes.all()[1].smarthost->route, "user");
}

}  // namespace
}  // namespace posthaste::delivery
