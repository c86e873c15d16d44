#include "delivery/route/sources.h"

#include "delivery/route/route_state.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using Family = Sources::Family;

class SourcesTest : public testing::Test {
  protected:
    SourcesTest() : log_({LogFormat::logfmt, LogLevel::error, 2, 1024}) {
        all_ = {source("a", "192.0.2.1", ""), source("b", "192.0.2.2", "2001:db8::2"),
                source("c", "192.0.2.3", ""), source("d", "192.0.2.4", "")};
    }

    static Source source(const char* name, const char* v4, const char* v6) {
        Source made;
        made.name = name;
        made.v4 = IpAddress::parse(v4);
        made.v6 = IpAddress::parse(v6);
        return made;
    }

    std::string choose(const Sources& sources, const std::string& key, Family family = Family::v4,
                       std::string_view not_this = {}) {
        const Source* chosen = sources.choose({pool_, key, family, not_this}, now_);
        return chosen == nullptr ? "" : chosen->name;
    }

    Log log_;
    std::vector<Source> all_;
    std::vector<std::string> pool_;
    SteadyTime now_ = std::chrono::steady_clock::now();
};

TEST_F(SourcesTest, TheHomeOfAMessageIsUsedAsLongAsItCanBe) {
    pool_ = {"a", "b", "c", "d"};
    Sources sources(all_, {}, log_);
    for (int i = 0; i < 100; ++i) {
        const std::string key = std::to_string(i);
        const std::string home(sources.home_of(pool_, key));
        EXPECT_EQ(choose(sources, key), home) << "as it was before there were paths";
        const Source* first = sources.choose({pool_, "x", Family::v4, {}, home}, now_);
        ASSERT_NE(first, nullptr);
        EXPECT_EQ(first->name, home);
    }
    sources.not_here(all_[0], *all_[0].v4, "gone", now_);
    const Source* other = sources.choose({pool_, "x", Family::v4, {}, "a"}, now_);
    ASSERT_NE(other, nullptr);
    EXPECT_NE(other->name, "a");
    const Source* b = sources.choose({pool_, "x", Family::v6, {}, "a"}, now_);
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(b->name, "b") << "the only one of that family";
    EXPECT_EQ(sources.home_of({"a"}, "x"), "") << "no choice";
}

TEST_F(SourcesTest, AMessageKeepsItsSourceAndAllGetTheirShare) {
    all_[3].weight = 3;
    const Sources sources(all_, {"a", "b", "c", "d"}, log_);
    std::map<std::string, int> share;
    for (int i = 0; i < 6000; ++i) {
        const std::string key = "message-" + std::to_string(i);
        const std::string chosen = choose(sources, key);
        EXPECT_EQ(choose(sources, key), chosen);
        ++share[chosen];
    }
    for (const char* name : {"a", "b", "c"}) {
        EXPECT_GT(share[name], 850) << name;
        EXPECT_LT(share[name], 1150) << name;
    }
    EXPECT_GT(share["d"], 2800);
    EXPECT_LT(share["d"], 3200);
}

TEST_F(SourcesTest, AnAddressThatIsNotHereRestsAndTheOthersKeepWhatTheyHave) {
    Sources sources(all_, {"a", "b", "c", "d"}, log_);
    std::map<std::string, std::string> before;
    for (int i = 0; i < 200; ++i) before[std::to_string(i)] = choose(sources, std::to_string(i));
    sources.not_here(all_[0], *all_[0].v4, "no such address", now_);
    for (const auto& [key, chosen] : before) {
        if (chosen == "a")
            EXPECT_NE(choose(sources, key), "a");
        else
            EXPECT_EQ(choose(sources, key), chosen);
    }
    EXPECT_TRUE(sources.suspended_until(all_[0], now_));
    now_ += Sources::kRest + Seconds(1);
    for (const auto& [key, chosen] : before) EXPECT_EQ(choose(sources, key), chosen);
    sources.works(all_[0]);
    EXPECT_FALSE(sources.suspended_until(all_[0], now_));
}

TEST_F(SourcesTest, FamiliesPoolsAndWhatIsLeft) {
    Sources sources(all_, {"a", "b"}, log_);
    EXPECT_EQ(choose(sources, "x", Family::v6), "b");
    EXPECT_NE(choose(sources, "x", Family::v4, "a"), "a");
    pool_ = {"c"};
    EXPECT_EQ(choose(sources, "x"), "c");
    EXPECT_EQ(choose(sources, "x", Family::v6), "") << "it has no such address";
    EXPECT_EQ(choose(sources, "x", Family::v4, "c"), "c") << "there is no other";
    EXPECT_FALSE(sources.pool_has(pool_, Family::v6));
    sources.not_here(all_[2], *all_[2].v4, "gone", now_);
    EXPECT_EQ(choose(sources, "x"), "");
    EXPECT_TRUE(sources.has_pool(pool_));
    const Sources none({}, {}, log_);
    EXPECT_FALSE(none.has_pool({}));
    EXPECT_EQ(none.choose({{}, "x"}, now_), nullptr);
}

TEST(RouteState, ASiteIsDownAfterThreeFailuresAndTriedAgainLater) {
    RouteState state;
    SteadyTime now = std::chrono::steady_clock::now();
    state.failed("relay:a", 1, now);
    state.failed("relay:a", 1, now);
    EXPECT_FALSE(state.is_down("relay:a", now));
    state.failed("relay:a", 1, now);
    EXPECT_TRUE(state.is_down("relay:a", now));
    EXPECT_FALSE(state.is_down("relay:b", now));
    now += std::chrono::seconds(61);
    EXPECT_FALSE(state.is_down("relay:a", now)) << "one attempt goes back to see";
    state.failed("relay:a", 1, now);
    EXPECT_TRUE(state.is_down("relay:a", now + std::chrono::seconds(119)));
    EXPECT_FALSE(state.is_down("relay:a", now + std::chrono::seconds(121)));
    state.worked("relay:a");
    state.failed("relay:a", 1, now);
    EXPECT_FALSE(state.is_down("relay:a", now));
    for (int i = 0; i < 4; ++i) state.failed("relay:c", 5, now);
    EXPECT_FALSE(state.is_down("relay:c", now)) << "patience was asked for";
}

}  // namespace
}  // namespace posthaste::delivery
