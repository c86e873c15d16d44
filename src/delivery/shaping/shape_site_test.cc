#include "delivery/shaping/shape_site.h"

#include "delivery/rules/verdict.h"
#include "formats/toml.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

const SteadyTime kNow = SteadyTime{} + std::chrono::hours(1);

std::shared_ptr<const Shaping> shaping(const std::string& own) {
    return std::make_shared<const Shaping>(
        Shaping::parse({{"providers.toml", std::string(Shaping::shipped())}, {"own.toml", own}})
            .value());
}

queue::Site shape(SiteShaper& shaper, std::string key, std::vector<std::string> hosts,
                  std::string domain = "example.org", std::string source = "") {
    queue::Site site;
    site.key = key;
    shaper.shape(site, {std::move(hosts), std::move(domain), std::move(source), std::move(key)},
                 kNow);
    return site;
}

class FixedOverrides final : public Overrides {
  public:
    PathOverrides of(const PathName& path) const override {
        return path.provider == "yahoo" ? yahoo : PathOverrides();
    }

    PathOverrides yahoo;
};

TEST(SiteShaper, GivesTheSchedulerItsLimits) {
    SiteShaper shaper(shaping("[provider.google]\nprovider_message_rate = \"10/min,max_burst=1\"\n"
                              "max_message_rate = \"5/s\"\nmax_recipients_per_batch = 20\n"),
                      nullptr);
    const auto a = shape(shaper, "mx:a", {"aspmx.l.google.com"});
    const auto b = shape(shaper, "mx:b", {"gmail-smtp-in.l.google.com"});
    EXPECT_EQ(a.provider, "google");
    EXPECT_EQ(a.max_deliveries, 10U);
    EXPECT_EQ(a.max_recipients, 20U);
    ASSERT_EQ(a.caps.size(), 1U);
    EXPECT_EQ(a.caps[0].most, 5U);
    EXPECT_EQ(a.caps, b.caps) << "one provider";
    ASSERT_EQ(a.paces.size(), 2U);
    EXPECT_NE(a.paces[0].name, b.paces[0].name);
    EXPECT_EQ(a.paces[1], b.paces[1]);
    const auto other = shape(shaper, "mx:b", {"gmail-smtp-in.l.google.com"}, "example.org", "ip-2");
    EXPECT_NE(other.caps, b.caps) << "another address of ours has limits of its own";
    EXPECT_EQ(other.key, "mx:b from ip-2");
    ASSERT_EQ(other.paces.size(), 2U);
    EXPECT_NE(other.paces[0].name, b.paces[0].name);
    EXPECT_EQ(other.paces[1], b.paces[1]) << "the provider's rate is of all that we send";
    EXPECT_EQ(shaper.of("mx:a")->max_deliveries_per_connection, 50U);
    EXPECT_EQ(shaper.of("mx:unknown")->max_deliveries_per_connection, 100U);
}

TEST(SiteShaper, RulesOnRepliesComeOnTop) {
    FixedOverrides overrides;
    SiteShaper shaper(shaping(""), &overrides);
    overrides.yahoo.options = {{"connection_limit", "2", "r1"},
                               {"connection_limit", "1", "r2"},
                               {"max_message_rate", "1/min", "r2"}};
    auto site = shape(shaper, "mx:y", {"mta5.am0.yahoodns.net"});
    EXPECT_EQ(site.max_deliveries, 1U);
    ASSERT_EQ(site.paces.size(), 1U);
    EXPECT_FALSE(site.suspend);
    overrides.yahoo.suspended_until = kNow + std::chrono::hours(2);
    overrides.yahoo.suspended_by = "yahoo-tss04";
    site = shape(shaper, "mx:y", {"mta5.am0.yahoodns.net"});
    EXPECT_EQ(site.suspend, std::chrono::hours(2));
    ASSERT_NE(site.trouble, nullptr);
    EXPECT_EQ(site.trouble->rule, "yahoo-tss04");
    EXPECT_EQ(site.trouble->code, 0) << "our own word";
    EXPECT_FALSE(shape(shaper, "mx:x", {"mx.example.org"}).suspend);
    overrides.yahoo.whole_path = false;
    EXPECT_FALSE(shape(shaper, "mx:y", {"mta5.am0.yahoodns.net"}).suspend);
}

TEST(SiteShaper, AnEdgeOfAProviderIsStoppedWithIt) {
    FixedOverrides overrides;
    overrides.yahoo.suspended_until = kNow + std::chrono::hours(2);
    SiteShaper shaper(shaping("[provider.yahoo-edge]\nmatch = [\".edge.example\"]\n"), &overrides);
    queue::Site site;
    site.key = "mx:e";
    shaper.shape(site, {{"mx.edge.example"}, "example.org", "", "mx:e", "yahoo"}, kNow);
    EXPECT_EQ(site.provider, "yahoo-edge") << "its limits are its own";
    EXPECT_TRUE(site.suspend);
}

// The limits (providers.toml) and the rules (verdicts.toml) mean the same by a provider's name: an
// edge with limits of its own has it in front of a hyphen.
TEST(SiteShaper, LimitsAndRulesNameProvidersAlike) {
    const VerdictRules& rules = VerdictRules::builtin();
    const auto limits = shaping("");
    const auto root = formats::parse_toml(Shaping::shipped(), "providers.toml");
    ASSERT_TRUE(root.has_value());
    const auto* table = root->find("provider")->value.as_table();
    ASSERT_NE(table, nullptr);
    std::size_t both = 0;
    for (const auto& entry : table->entries()) {
        const bool is_known = std::ranges::any_of(
            rules.providers(), [&](const MailProvider& one) { return one.name == entry.key; });
        for (const auto& suffix : *entry.value.as_table()->find("match")->value.as_array()) {
            const std::string owner = rules.provider_of("mx1" + *suffix.as_string());
            if (is_known) EXPECT_EQ(owner, entry.key) << *suffix.as_string();
            if (owner.empty()) continue;
            ++both;
            EXPECT_TRUE(entry.key == owner || entry.key.starts_with(owner + "-"))
                << *suffix.as_string() << " is " << entry.key << " here and " << owner << " there";
        }
    }
    EXPECT_GT(both, 12U);
    for (const MailProvider& provider : rules.providers()) {
        for (const std::string& host : provider.hosts) {
            const std::string there =
                limits->provider_of({host.starts_with('.') ? "mx1" + host : host});
            EXPECT_TRUE(there.empty() || there == provider.name ||
                        there.starts_with(provider.name + "-"))
                << host << " is " << provider.name << " here and " << there << " there";
        }
    }
}

TEST(SiteShaper, ADomainWithABlockOfItsOwnIsAPathOfItsOwn) {
    SiteShaper shaper(shaping("[domain.\"a.example\"]\nconnection_limit = 3\n"), nullptr);
    const auto own = shape(shaper, "mx:m", {"mx.example"}, "a.example");
    const auto other = shape(shaper, "mx:m", {"mx.example"}, "b.example");
    EXPECT_EQ(own.key, "mx:m for a.example");
    EXPECT_EQ(own.max_deliveries, 3U);
    EXPECT_EQ(other.key, "mx:m");
    EXPECT_EQ(other.max_deliveries, 10U);
}

TEST(SiteShaper, ASiteBlockHoldsForAllWhoShareItsHosts) {
    SiteShaper shaper(shaping("[site.\"a.example\"]\nconnection_limit = 3\n"
                              "[site.\"c.example\"]\nmax_deliveries_per_connection = 9\n"),
                      nullptr);
    EXPECT_EQ(shaper.to_learn(kNow), (std::vector<std::string>{"a.example", "c.example"}));
    EXPECT_TRUE(shaper.to_learn(kNow).empty()) << "not at once again";
    EXPECT_EQ(shape(shaper, "mx:m", {"mx.example"}, "b.example").max_deliveries, 10U);
    EXPECT_EQ(shape(shaper, "mx:m", {"mx.example"}, "a.example").max_deliveries, 3U);
    EXPECT_EQ(shaper.learn("a.example", "mx:m"), "");
    EXPECT_EQ(shape(shaper, "mx:m", {"mx.example"}, "b.example").max_deliveries, 3U);
    EXPECT_EQ(shaper.learn("c.example", "mx:m"), "a.example") << "two blocks of one site";
    EXPECT_EQ(shaper.learn("c.example", "mx:m"), "") << "told once";
}

TEST(SiteShaper, NewConnectionsHaveARate) {
    SiteShaper shaper(shaping("[default]\nmax_connection_rate = \"2/min\"\n"), nullptr);
    EXPECT_EQ(shaper.wait_to_connect("mx:a", kNow), SteadyTime::duration(0)) << "not known";
    shape(shaper, "mx:a", {"mx.example"});
    EXPECT_EQ(shaper.wait_to_connect("mx:a", kNow), SteadyTime::duration(0));
    EXPECT_EQ(shaper.wait_to_connect("mx:a", kNow), SteadyTime::duration(0));
    EXPECT_EQ(shaper.wait_to_connect("mx:a", kNow), Seconds(30));
    EXPECT_EQ(shaper.wait_to_connect("mx:a", kNow), Seconds(30)) << "asking takes nothing";
    EXPECT_EQ(shaper.wait_to_connect("mx:a", kNow + Seconds(30)), SteadyTime::duration(0));
}

}  // namespace
}  // namespace posthaste::delivery
