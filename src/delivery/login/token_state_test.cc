#include "delivery/login/token_state.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Kind = TokenRefusal::Kind;

const SteadyTime kNow{hours(1000)};

TokenRefusal trouble(Kind kind, std::optional<Seconds> retry_after = {}) {
    TokenRefusal made;
    made.kind = kind;
    made.text = "why";
    made.retry_after = retry_after;
    return made;
}

TEST(TokenState, IsAskedForAtOnce) {
    const TokenState state;
    EXPECT_LE(state.next(), kNow);
    EXPECT_EQ(state.usable(kNow), nullptr);
    EXPECT_EQ(state.trouble(), nullptr);
}

TEST(TokenState, IsRenewedAtFourFifthsAndUsedUntilAMinuteBeforeItsEnd) {
    TokenState state;
    state.got(Secret("a"), Seconds(3600), kNow, 0.0);
    EXPECT_EQ(state.next(), kNow + Seconds(2880));
    EXPECT_NE(state.usable(kNow + Seconds(3539)), nullptr);
    EXPECT_EQ(state.usable(kNow + Seconds(3540)), nullptr);
    state.got(Secret("a"), Seconds(3600), kNow, 0.999);
    EXPECT_LT(state.next(), kNow + Seconds(2880));
    EXPECT_GT(state.next(), kNow + Seconds(2699));
}

// Whatever a server says: renewed before it is used no more, and never asked all the time.
TEST(TokenState, AnyLifetimeHasAnOrder) {
    for (const int life : {0, 1, 5, 30, 60, 61, 90, 120, 300, 3599, 86'400}) {
        for (const double jitter : {0.0, 0.5, 0.999}) {
            TokenState state;
            state.got(Secret("a"), Seconds(life), kNow, jitter);
            EXPECT_NE(state.usable(kNow), nullptr) << life;
            EXPECT_LT(state.next(), state.valid_until()) << life;
            EXPECT_GE(state.next(), kNow + Seconds(4)) << life;
        }
    }
}

TEST(TokenState, TroubleLeavesAGoodTokenInUse) {
    TokenState state;
    state.got(Secret("a"), Seconds(3600), kNow, 0.0);
    state.failed(trouble(Kind::passing), kNow + Seconds(2880), 0.0);
    EXPECT_NE(state.usable(kNow + Seconds(3000)), nullptr);
    EXPECT_EQ(state.next(), kNow + Seconds(2885));
}

TEST(TokenState, BacksOffAndObeysRetryAfter) {
    TokenState state;
    Seconds last{0};
    for (int i = 0; i < 10; ++i) {
        state.failed(trouble(Kind::passing), kNow, 0.0);
        const auto wait = std::chrono::duration_cast<Seconds>(state.next() - kNow);
        EXPECT_GE(wait, last);
        EXPECT_LE(wait, minutes(5));
        EXPECT_FALSE(state.may_ask(kNow + wait - Seconds(1))) << "nobody hurries it";
        EXPECT_TRUE(state.may_ask(kNow + wait));
        last = wait;
    }
    EXPECT_EQ(last, minutes(5));
    state.failed(trouble(Kind::passing, Seconds(1200)), kNow, 0.0);
    EXPECT_EQ(state.next(), kNow + Seconds(1200));
    state.failed(trouble(Kind::passing, hours(24 * 365)), kNow, 0.0);
    EXPECT_EQ(state.next(), kNow + hours(1)) << "a server's word is not believed for ever";
}

TEST(TokenState, ASettingIsLookedAtAgainWhenMailNeedsIt) {
    TokenState state;
    state.failed(trouble(Kind::setting), kNow, 0.0);
    EXPECT_EQ(state.next(), kNow + minutes(5));
    EXPECT_FALSE(state.may_ask(kNow + Seconds(29)));
    EXPECT_TRUE(state.may_ask(kNow + Seconds(30)));
}

TEST(TokenState, ADeadSignInIsNeverAskedAgainUntilAPersonActs) {
    TokenState state;
    state.failed(trouble(Kind::sign_in), kNow, 0.0);
    EXPECT_EQ(state.next(), SteadyTime::max());
    EXPECT_FALSE(state.may_ask(kNow + hours(24 * 365)));
    state.begin_anew();
    EXPECT_TRUE(state.may_ask(kNow));
    EXPECT_EQ(state.trouble(), nullptr);
}

TEST(TokenState, ARefusedTokenIsReplacedOnce) {
    TokenState state;
    state.got(Secret("a"), Seconds(3600), kNow, 0.0);
    state.refused(Secret("of yesterday"));
    EXPECT_NE(state.usable(kNow), nullptr) << "it was another one";
    state.refused(Secret("a"));
    EXPECT_EQ(state.usable(kNow), nullptr);
    EXPECT_TRUE(state.may_ask(kNow));
    state.got(Secret("b"), Seconds(3600), kNow, 0.0);
    state.refused(Secret("a"));
    EXPECT_NE(state.usable(kNow), nullptr);
}

}  // namespace
}  // namespace posthaste::delivery
