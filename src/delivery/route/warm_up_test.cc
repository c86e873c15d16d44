#include "delivery/route/warm_up.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using store::QueueTime;
using Word = WarmUp::Word;

class WarmUpTest : public ::testing::Test {
  protected:
    static WarmUp::Plans plans() { return {{"new", {.start = 50, .final = 10'000, .since = {}}}}; }

    std::unique_ptr<WarmUp> make(WarmUp::Plans with) {
        return std::make_unique<WarmUp>(std::move(with), [this] { return now_; });
    }

    // Tries once a minute for a day; gives how many left.
    int send_all_day() {
        int sent = 0;
        for (int i = 0; i < 24 * 60; ++i, now_ += minutes(1)) {
            if (warm_up_->take("new", "google", 1)) continue;
            warm_up_->heard("new", "google", word_);
            ++sent;
        }
        return sent;
    }

    QueueTime now_{hours(1000)};
    std::unique_ptr<WarmUp> warm_up_ = make(plans());
    Word word_ = Word::fine;
};

TEST_F(WarmUpTest, GrowsByHalfEachDay) {
    std::vector<int> days;
    for (int day = 0; day < 5; ++day) days.push_back(send_all_day());
    // Spread by the minute, so that a few of the cap are lost to rounding.
    const std::vector<int> caps{50, 75, 112, 168, 253};
    for (std::size_t i = 0; i < days.size(); ++i) {
        EXPECT_LE(days[i], caps[i]) << i;
        EXPECT_GE(days[i], caps[i] * 9 / 10) << i;
    }
}

TEST_F(WarmUpTest, IsSpreadOverTheDay) {
    EXPECT_FALSE(warm_up_->take("new", "google", 1));
    const auto wait = warm_up_->take("new", "google", 1);
    ASSERT_TRUE(wait);
    EXPECT_EQ(*wait, Seconds(86400 / 50));
    now_ += *wait;
    EXPECT_FALSE(warm_up_->take("new", "google", 1));
    EXPECT_FALSE(warm_up_->take("new", "yahoo", 1)) << "each provider by itself";
}

TEST_F(WarmUpTest, NobodyElseIsHeldBack) {
    for (int i = 0; i < 1000; ++i) {
        EXPECT_FALSE(warm_up_->take("old", "google", 1));
        EXPECT_FALSE(warm_up_->take("new", "", 1)) << "hosts of nobody we know";
    }
    EXPECT_TRUE(warm_up_->is_warm("old", "google"));
    EXPECT_TRUE(warm_up_->is_warm("new", ""));
    EXPECT_FALSE(warm_up_->is_warm("new", "google"));
}

TEST_F(WarmUpTest, ABlockOrManyDeferralsKeepItWhereItIs) {
    send_all_day();
    warm_up_->heard("new", "google", Word::block);
    send_all_day();
    EXPECT_LE(send_all_day(), 112) << "the day with the block did not count";
    word_ = Word::block_deferral;
    const int bad = send_all_day();
    word_ = Word::fine;
    EXPECT_LE(send_all_day(), bad + 1);
}

TEST_F(WarmUpTest, AFewDeferralsAreNothing) {
    for (int i = 0; i < 96; ++i) warm_up_->heard("new", "google", Word::fine);
    for (int i = 0; i < 4; ++i) warm_up_->heard("new", "google", Word::block_deferral);
    EXPECT_EQ(warm_up_->list().at(0).held_back, "");
    for (int i = 0; i < 3; ++i) warm_up_->heard("new", "google", Word::block_deferral);
    EXPECT_NE(warm_up_->list().at(0).held_back, "");
}

TEST_F(WarmUpTest, DaysWithoutMailMakeNothingWarmer) {
    send_all_day();
    now_ += hours(24 * 30);
    EXPECT_FALSE(warm_up_->take("new", "google", 1));
    EXPECT_EQ(warm_up_->list().at(0).cap, 75U);
    EXPECT_EQ(warm_up_->list().at(0).sent, 1U);
}

TEST_F(WarmUpTest, IsWarmInTheEnd) {
    warm_up_ = make({{"new", {.start = 100, .final = 300, .since = {}}}});
    for (int day = 0; day < 3; ++day) send_all_day();  // 100, 150, 225
    EXPECT_TRUE(warm_up_->is_warm("new", "google"));
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(warm_up_->take("new", "google", 1));
    EXPECT_TRUE(warm_up_->list().empty());
}

TEST_F(WarmUpTest, SurvivesARestart) {
    send_all_day();
    send_all_day();
    EXPECT_FALSE(warm_up_->take("new", "google", 5));
    warm_up_->heard("new", "google", Word::block);
    store::Changes changes;
    warm_up_->take_changes(changes, 100);
    ASSERT_EQ(changes.size(), 1U);
    const auto& row = std::get<store::PutKept>(changes[0]).row;
    auto again = make(plans());
    again->restore({row});
    ASSERT_EQ(again->list().size(), 1U);
    EXPECT_EQ(again->list()[0].cap, 112U);
    EXPECT_EQ(again->list()[0].sent, 5U);
    EXPECT_NE(again->list()[0].held_back, "");
    EXPECT_TRUE(again->take("new", "google", 1)) << "the pace is kept, too";
    auto without = make({});
    without->restore({row});
    EXPECT_TRUE(without->list().empty());
    auto damaged = make(plans());
    damaged->restore({{"warm_up", "new google", "{", {}}});
    EXPECT_TRUE(damaged->list().empty());
}

TEST_F(WarmUpTest, DaysBeforeCount) {
    warm_up_ = make({{"new", {.start = 50, .final = 10'000, .since = now() - hours(50)}}});
    EXPECT_FALSE(warm_up_->take("new", "google", 1));
    EXPECT_EQ(warm_up_->list().at(0).cap, 112U);
}

}  // namespace
}  // namespace posthaste::delivery
