#include "accounts/setup_links.h"

#include "accounts/testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

using State = SetupLinks::State;

class SetupLinksTest : public ::testing::Test {
  protected:
    SetupLinksTest() {
        store_.add_domain("example.com");
        store_.add_account("anna@example.com", "correct horse");
    }

    std::string make(Seconds valid = SetupLinks::kUsual) {
        auto made = links_.make("Anna@Example.com", valid);
        EXPECT_TRUE(made.has_value());
        return made ? made->token : "";
    }

    State state(std::string_view token, std::string_view browser = "") {
        auto found = links_.find(token, browser);
        EXPECT_TRUE(found.has_value());
        return found ? found->state : State::unknown;
    }

    testing::TempStore store_;
    SetupLinks links_{store_.store()};
    const std::string mine_ = SetupLinks::make_browser_key();
    const std::string other_ = SetupLinks::make_browser_key();
};

TEST_F(SetupLinksTest, the_first_browser_keeps_it) {
    const auto token = make();
    EXPECT_GE(token.size(), 26U);  // 128 bits in letters of five
    EXPECT_EQ(state(token), State::fresh);
    auto opened = links_.open(token, mine_);
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->state, State::ours);
    EXPECT_EQ(opened->row.account, "anna@example.com");
    EXPECT_EQ(state(token, mine_), State::ours);
    EXPECT_EQ(state(token, other_), State::elsewhere);
    EXPECT_EQ(state(token, ""), State::elsewhere);
    EXPECT_EQ(links_.open(token, other_)->state, State::elsewhere);
    EXPECT_EQ(links_.open(token, other_)->row.account, "");  // nothing of it is given away
    EXPECT_EQ(links_.open(token, mine_)->state, State::ours);
}

TEST_F(SetupLinksTest, a_newer_link_ends_the_former) {
    const auto former = make();
    const auto newer = make();
    EXPECT_NE(former, newer);
    EXPECT_EQ(state(former), State::unknown);
    EXPECT_EQ(links_.open(former, mine_)->state, State::unknown);
    EXPECT_EQ(state(newer), State::fresh);
}

TEST_F(SetupLinksTest, it_goes_with_its_account) {
    const auto token = make();
    ASSERT_TRUE(store_.directory().set_disabled("anna@example.com", true));
    EXPECT_EQ(state(token), State::unknown);
    EXPECT_EQ(links_.make("anna@example.com", SetupLinks::kUsual).error().kind, ErrorKind::denied);
    ASSERT_TRUE(store_.directory().set_disabled("anna@example.com", false));
    EXPECT_EQ(state(token), State::fresh);
    ASSERT_TRUE(store_.directory().remove_account("anna@example.com"));
    EXPECT_EQ(state(token), State::unknown);
}

TEST_F(SetupLinksTest, an_expired_one_says_so) {
    const auto token = make();
    const auto row =
        store_.store().engine().setup_link_by_digest(links_.open(token, mine_)->row.digest);
    ASSERT_TRUE(row && *row);
    auto old = **row;
    old.expires = store_.store().clock().now_queue() - Seconds(1);
    store::Changes changes;
    changes.emplace_back(store::PutSetupLink{old});
    ASSERT_TRUE(store_.store().committer().submit_and_wait(std::move(changes)));
    EXPECT_EQ(state(token, mine_), State::expired);
    EXPECT_EQ(links_.open(token, mine_)->state, State::expired);
    EXPECT_FALSE(links_.enter_test(token, mine_, QueueId::make()).value());
}

TEST_F(SetupLinksTest, one_test_message) {
    const auto token = make();
    EXPECT_FALSE(links_.enter_test(token, mine_, QueueId::make()).value());  // not opened yet
    ASSERT_TRUE(links_.open(token, mine_));
    EXPECT_FALSE(links_.enter_test(token, other_, QueueId::make()).value());
    EXPECT_TRUE(links_.enter_test(token, mine_, QueueId::make()).value());
    EXPECT_FALSE(links_.enter_test(token, mine_, QueueId::make()).value());
    ASSERT_TRUE(links_.forget_test(token, mine_));
    EXPECT_TRUE(links_.enter_test(token, mine_, QueueId::make()).value());
    ASSERT_TRUE(links_.end(token, other_));
    EXPECT_FALSE(links_.find(token, mine_)->row.ended);
    ASSERT_TRUE(links_.end(token, mine_));
    EXPECT_TRUE(links_.find(token, mine_)->row.ended);
}

TEST_F(SetupLinksTest, nonsense) {
    EXPECT_EQ(state(""), State::unknown);
    EXPECT_EQ(state(std::string(100'000, 'a')), State::unknown);
    EXPECT_EQ(state(std::string("\0\xff", 2)), State::unknown);
    EXPECT_EQ(state(std::string(32, 'a')), State::unknown);
    const auto token = make();
    EXPECT_EQ(links_.open(token, "short")->state, State::fresh);
    EXPECT_EQ(state(token), State::fresh);
    EXPECT_EQ(links_.make("nobody@example.com", SetupLinks::kUsual).error().kind,
              ErrorKind::not_found);
    EXPECT_EQ(links_.make("anna@example.com", Seconds(1)).error().kind, ErrorKind::syntax);
    EXPECT_EQ(links_.make("anna@example.com", std::chrono::days(31)).error().kind,
              ErrorKind::syntax);
    EXPECT_FALSE(links_.make("anna", SetupLinks::kUsual));
}

}  // namespace
}  // namespace posthaste::accounts
