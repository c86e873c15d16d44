#include "delivery/shaping/shaping.h"

#include "delivery/rules/rule_file.h"
#include "delivery/rules/verdict.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using Hosts = std::vector<std::string>;

Shaping over_shipped(std::string text) {
    auto shaping = Shaping::parse(
        {{"providers.toml", std::string(Shaping::shipped())}, {"own.toml", std::move(text)}});
    EXPECT_TRUE(shaping) << shaping.error().text;
    return std::move(shaping).value_or(Shaping());
}

PathLimits limits(const Shaping& shaping, Hosts hosts, std::string domain = "example.org",
                  std::string source = "", Hosts sites = {}) {
    return shaping.limits_of(
        {std::move(hosts), std::move(domain), std::move(source), std::move(sites)});
}

TEST(Shaping, WhatIsShippedIsReadAndHasNoMistake) {
    const auto shaping = Shaping::load("");
    ASSERT_TRUE(shaping) << shaping.error().text;
    EXPECT_EQ(shaping->lint(), std::vector<std::string>());
}

struct ProviderRow {
    const char* host;
    const char* provider;
    std::uint64_t connections;  // of the provider, or of the site
    std::uint64_t deliveries;
    bool tls;
};

class ShippedProvider : public testing::TestWithParam<ProviderRow> {};

// delivery.md 4.1
TEST_P(ShippedProvider, HasItsLimits) {
    const auto& row = GetParam();
    const auto found = limits(Shaping::load("").value(), {row.host});
    EXPECT_EQ(found.provider, row.provider);
    EXPECT_EQ(found.provider_connection_limit.value_or(found.connection_limit.value_or(0)),
              row.connections);
    EXPECT_EQ(found.max_deliveries_per_connection, row.deliveries);
    EXPECT_EQ(found.tls == TlsLevel::encrypt, row.tls);
}

INSTANTIATE_TEST_SUITE_P(
    All, ShippedProvider,
    testing::Values(ProviderRow{"mx.example.org", "", 10, 100, false},
                    ProviderRow{"google.com", "", 10, 100, false},
                    ProviderRow{"notgoogle.com", "", 10, 100, false},
                    ProviderRow{"aspmx.l.google.com", "google", 5, 50, true},
                    ProviderRow{"mta5.am0.yahoodns.net", "yahoo", 10, 20, false},
                    ProviderRow{"mx1.mail.yahoo.co.jp", "yahoo-japan", 2, 20, false},
                    ProviderRow{"outlook-com.olc.protection.outlook.com", "outlook", 5, 50, false},
                    ProviderRow{"a-com.mail.protection.outlook.com", "microsoft365", 5, 50, false},
                    ProviderRow{"a-com.q-v1.mx.microsoft", "microsoft365-dane", 5, 50, false},
                    ProviderRow{"mx01.mail.icloud.com", "apple", 10, 5, false},
                    ProviderRow{"mx1.comcast.net", "comcast", 25, 1000, true},
                    ProviderRow{"eu-smtp-inbound-1.mimecast.com", "mimecast", 10, 100, false},
                    ProviderRow{"smtp-in.orange.fr", "orange", 2, 100, true},
                    ProviderRow{"mx00.emig.gmx.net", "gmx", 4, 20, true},
                    ProviderRow{"mx-ha02.web.de", "gmx-web-de", 4, 20, true},
                    ProviderRow{"mx00.mail.com", "mail-com", 10, 100, false},
                    ProviderRow{"d1.ess.barracudanetworks.com", "barracuda", 10, 15, true},
                    ProviderRow{"mx3.qq.com", "qq", 4, 8, true},
                    ProviderRow{"163mx01.mxmail.netease.com", "netease", 4, 7, true}),
    [](const auto& row) {
        std::string name = row.param.host;
        for (char& c : name) {
            if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
        }
        return name;
    });

TEST(Shaping, AllHostsOfASiteMustBeTheProviders) {
    const auto shaping = Shaping::load("").value();
    EXPECT_EQ(shaping.provider_of({"aspmx.l.google.com", "alt1.aspmx.l.google.com"}), "google");
    EXPECT_EQ(shaping.provider_of({"aspmx.l.google.com", "mx.backup.example"}), "");
    EXPECT_EQ(shaping.provider_of({}), "");
}

TEST(Shaping, LayersLieInTheirOrder) {
    const Shaping shaping = over_shipped(R"(
[default]
connection_limit = 1
[provider.p]
match = [".p.example"]
connection_limit = 2
[provider.p.source.ip-3]
connection_limit = 3
[site."s.example"]
connection_limit = 4
[site."s.example".source.ip-3]
connection_limit = 6
[domain."d.example"]
connection_limit = 5
[domain."d.example".source.ip-3]
connection_limit = 7
)");
    EXPECT_EQ(limits(shaping, {"mx.other"}).connection_limit, 1U);
    EXPECT_EQ(limits(shaping, {"mx.other"}, "a.example", "ip-3").connection_limit, 1U);
    EXPECT_EQ(limits(shaping, {"mx.p.example"}).connection_limit, 2U);
    EXPECT_EQ(limits(shaping, {"mx.p.example"}, "a.example", "ip-3").connection_limit, 3U);
    EXPECT_EQ(limits(shaping, {"mx.p.example"}, "a.example", "", {"s.example"}).connection_limit,
              4U);
    EXPECT_EQ(limits(shaping, {"mx.p.example"}, "d.example", "", {"s.example"}).connection_limit,
              5U);
    EXPECT_EQ(
        limits(shaping, {"mx.p.example"}, "a.example", "ip-3", {"s.example"}).connection_limit, 6U);
    EXPECT_EQ(
        limits(shaping, {"mx.p.example"}, "d.example", "ip-3", {"s.example"}).connection_limit, 7U);
    EXPECT_EQ(
        limits(shaping, {"mx.p.example"}, "d.example", "ip-4", {"s.example"}).connection_limit, 5U);
    EXPECT_TRUE(shaping.names_domain("d.example"));
    EXPECT_FALSE(shaping.names_domain("s.example"));
    EXPECT_EQ(shaping.site_domains(), Hosts{"s.example"});
}

TEST(Shaping, ALaterFileChangesUnsetsAndReplaces) {
    const Shaping changed = over_shipped("[provider.google]\nmax_message_rate = \"10/min\"\n");
    auto google = limits(changed, {"mx.google.com"});
    EXPECT_EQ(google.max_deliveries_per_connection, 50U) << "kept";
    EXPECT_EQ(google.max_message_rate->to_string(), "10/min");

    const Shaping unset =
        over_shipped("[provider.google]\nunset = [\"provider_connection_limit\"]\n");
    google = limits(unset, {"mx.google.com"});
    EXPECT_FALSE(google.provider_connection_limit);
    EXPECT_EQ(google.max_deliveries_per_connection, 50U);

    const Shaping replaced =
        over_shipped("[provider.google]\nreplace_base = true\nconnection_limit = 7\n");
    google = limits(replaced, {"mx.google.com"});
    EXPECT_EQ(google.provider, "google") << "whose hosts they are is not lost";
    EXPECT_EQ(google.connection_limit, 7U);
    EXPECT_FALSE(google.provider_connection_limit);
    EXPECT_EQ(google.max_deliveries_per_connection, 100U) << "of [default]";
}

TEST(Shaping, EveryOptionIsSetAndTold) {
    const std::vector<std::pair<std::string, std::string>> all{
        {"connection_limit", "3"},
        {"provider_connection_limit", "4"},
        {"max_connection_rate", "100/min"},
        {"max_message_rate", "10/s,max_burst=1"},
        {"provider_message_rate", "5000/h"},
        {"source_selection_rate", "200/day,max_burst=1"},
        {"max_deliveries_per_connection", "20"},
        {"max_recipients_per_batch", "50"},
        {"idle_timeout", "60s"},
        {"tls", "encrypt"},
        {"ip_family", "v4"},
        {"reuse", "false"},
        {"pipelining", "false"}};
    PathLimits limits;
    for (const auto& [option, value] : all)
        EXPECT_TRUE(set_option(limits, option, value)) << option;
    EXPECT_EQ(told(limits), all);
    for (const auto& [option, value] : all) {
        EXPECT_FALSE(set_option(limits, option, "perhaps")) << option;
        EXPECT_FALSE(set_option(limits, option, "")) << option;
    }
    const auto mistyped = set_option(limits, "conection_limit", "3");
    ASSERT_FALSE(mistyped);
    EXPECT_EQ(mistyped.error().mend, "did you mean \"connection_limit\"?");
}

struct WrongRow {
    const char* name;
    const char* text;
    const char* where;  // of the message
    const char* says;
};

class WrongShaping : public testing::TestWithParam<WrongRow> {};

TEST_P(WrongShaping, IsRefusedWithItsPlace) {
    const auto shaping = Shaping::parse({{"own.toml", GetParam().text}});
    ASSERT_FALSE(shaping);
    EXPECT_TRUE(shaping.error().text.starts_with(GetParam().where)) << shaping.error().text;
    EXPECT_NE(shaping.error().text.find(GetParam().says), std::string::npos)
        << shaping.error().text;
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongShaping,
    testing::Values(
        WrongRow{"no_toml", "[default\n", "own.toml:1:", ""},
        WrongRow{"no_section", "[defualt]\n", "own.toml:1:", "neither [default]"},
        WrongRow{"no_option", "[default]\nconection_limit = 1\n", "own.toml:2:1:", "no option"},
        WrongRow{"no_number", "[default]\nconnection_limit = 0\n", "own.toml:2:20:", "no number"},
        WrongRow{"no_rate", "[default]\nmax_message_rate = \"10\"\n", "own.toml:2:20:", "no rate"},
        WrongRow{"a_table_for_a_number", "[default.connection_limit]\na = 1\n",
                 "own.toml:1:", "no number"},
        WrongRow{"no_domain", "[site.\"a..b\"]\nconnection_limit = 1\n",
                 "own.toml:1:", "no domain"},
        WrongRow{"domain_without_quotes", "[site.example.org]\nconnection_limit = 1\n",
                 "own.toml:1:", ""},
        WrongRow{"match_without_dot", "[provider.p]\nmatch = [\"google.com\"]\n",
                 "own.toml:2:9:", "starts with a dot"},
        WrongRow{"match_of_a_site", "[site.\"a.example\"]\nmatch = [\".b\"]\n",
                 "own.toml:2:9:", "providers"},
        WrongRow{"unset_of_nothing", "[default]\nunset = [\"connections\"]\n",
                 "own.toml:2:9:", "no option"},
        WrongRow{"date_in_quotes", "[default]\nchecked_on = \"2026-08-01\"\n",
                 "own.toml:2:14:", "is a date"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Shaping, LintFindsWhatOverlaps) {
    const Shaping shaping = over_shipped("[provider.g]\nmatch = [\".l.google.com\"]\n");
    const auto wrong = shaping.lint();
    ASSERT_EQ(wrong.size(), 1U);
    EXPECT_NE(wrong[0].find("overlap"), std::string::npos) << wrong[0];
}

TEST(Shaping, AFileThatIsNotThereIsTold) {
    const auto shaping = Shaping::load("/nonexistent/shaping.toml");
    ASSERT_FALSE(shaping);
    EXPECT_NE(shaping.error().text.find("shaping file"), std::string::npos);
    EXPECT_FALSE(shaping.error().mend.empty());
}

TEST(Shaping, PathsHaveTimeoutsOfTheirOwn) {
    const Shaping shaping = over_shipped(
        "[domain.\"slow.example\"]\nconnect_timeout = \"5s\"\ngreeting_timeout = \"6s\"\n"
        "command_timeout = \"7s\"\nfinal_dot_timeout = \"20m\"\nrset = true\n");
    const PathLimits limits = shaping.limits_of({{"mx.slow.example"}, "slow.example", "", {}});
    EXPECT_EQ(limits.connect_timeout, Seconds(5));
    EXPECT_EQ(limits.greeting_timeout, Seconds(6));
    EXPECT_EQ(limits.command_timeout, Seconds(7));
    EXPECT_EQ(limits.final_dot_timeout, Seconds(1200));
    EXPECT_TRUE(limits.rset);
    const auto words = told(limits);
    EXPECT_NE(std::ranges::find(words, std::pair<std::string, std::string>("rset", "true")),
              words.end());
    EXPECT_FALSE(shaping.limits_of({{"mx.other.example"}, "other.example", "", {}}).rset);
}

// One provider has one name, whether its limits or its replies are meant.
TEST(ShippedShaping, ProvidersAreCalledAsTheRulesOnRepliesCallThem) {
    const Shaping shipped = Shaping::load("").value();
    const VerdictRules& rules = VerdictRules::builtin();
    std::size_t shared = 0;
    for (const MailProvider& provider : rules.providers()) {
        for (const std::string& host : provider.hosts) {
            const std::string name = host.starts_with('.') ? "mx" + host : host;
            const std::string shaped = shipped.provider_of({name});
            if (shaped.empty()) continue;
            ++shared;
            EXPECT_TRUE(shaped == provider.name || shaped.starts_with(provider.name + "-"))
                << name << " is " << provider.name << " and " << shaped;
        }
    }
    EXPECT_GT(shared, 12U);
    for (const char* edge : {"mx.microsoft", "mx.gmx.net", "mx.web.de", "mx.mimecast.co.za"}) {
        const std::string name = std::string("a.") + edge;
        EXPECT_TRUE(shipped.provider_of({name}).starts_with(rules.provider_of({name}))) << name;
        EXPECT_FALSE(rules.provider_of({name}).empty()) << name;
    }
}

}  // namespace
}  // namespace posthaste::delivery
