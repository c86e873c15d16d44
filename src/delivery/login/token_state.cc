#include "delivery/login/token_state.h"

#include <algorithm>
#include <array>

namespace posthaste::delivery {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Renewed when 80 % of its life has passed, or up to 5 % earlier.
constexpr double kRenewAt = 0.80;
constexpr double kRenewJitter = 0.05;
constexpr double kRenewAtLast = 0.90;  // of the time that it is used
constexpr Seconds kShortestLife{10};

constexpr std::array<Seconds, 7> kPassing{Seconds(5),  Seconds(10),  Seconds(20), Seconds(40),
                                          Seconds(80), Seconds(160), Seconds(300)};
constexpr std::array<Seconds, 4> kSetting{minutes(5), minutes(15), minutes(30), minutes(60)};
constexpr Seconds kLongestAsked = hours(1);  // a Retry-After beyond it is not obeyed

template <std::size_t N>
Seconds step(const std::array<Seconds, N>& steps, unsigned failures) {
    return steps[std::min<std::size_t>(failures, N) - 1];
}

SteadyTime::duration scaled(Seconds time, double by) {
    return std::chrono::duration_cast<SteadyTime::duration>(
        std::chrono::duration<double>(static_cast<double>(time.count()) * by));
}

}  // namespace

void TokenState::got(Secret token, Seconds lifetime, SteadyTime now, double jitter) {
    token_ = std::move(token);
    // Whoever says "no time at all" is not asked all the time.
    lifetime = std::max(lifetime, kShortestLife);
    // Of a very short life half is used.
    const Seconds good_for = std::max(lifetime - kSkew, lifetime / 2);
    valid_until_ = now + good_for;
    next_ = now + std::min(scaled(lifetime, kRenewAt - kRenewJitter * jitter),
                           scaled(good_for, kRenewAtLast));
    trouble_.reset();
    failures_ = 0;
}

void TokenState::failed(TokenRefusal refusal, SteadyTime now, double jitter) {
    ++failures_;
    failed_at_ = now;
    switch (refusal.kind) {
        case TokenRefusal::Kind::sign_in:
            next_ = SteadyTime::max();
            break;
        case TokenRefusal::Kind::setting:
            next_ = now + step(kSetting, failures_);
            break;
        default:
            next_ = now + std::max(scaled(step(kPassing, failures_), 1.0 + 0.2 * jitter),
                                   SteadyTime::duration(std::min(
                                       refusal.retry_after.value_or(Seconds(0)), kLongestAsked)));
            break;
    }
    trouble_ = std::move(refusal);
}

void TokenState::refused(const Secret& token) {
    // Another session has seen to it meanwhile.
    if (token_.empty() || token.reveal() != token_.reveal()) return;
    token_ = Secret();
    valid_until_ = {};
    if (!trouble_) next_ = {};
}

void TokenState::begin_anew() {
    token_ = Secret();
    valid_until_ = {};
    next_ = {};
    failed_at_ = {};
    trouble_.reset();
    failures_ = 0;
}

const Secret* TokenState::usable(SteadyTime now) const {
    return !token_.empty() && now < valid_until_ ? &token_ : nullptr;
}

bool TokenState::may_ask(SteadyTime now) const {
    if (now >= next_) return true;
    return trouble_ && trouble_->kind == TokenRefusal::Kind::setting &&
           now - failed_at_ >= kAskAgain;
}

}  // namespace posthaste::delivery
