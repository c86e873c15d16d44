// TokenState: what is known of one login's token, and when to ask for the next. No clock, no lock,
// no network: token_source.h has these.
#pragma once

#include "delivery/login/oauth_exchange.h"

#include <optional>

namespace posthaste::delivery {

class TokenState {
  public:
    // The relay's clock may be ahead of ours, and a login takes a moment.
    static constexpr Seconds kSkew{60};
    // A person may mend a setting at any moment; whoever needs the token then asks again.
    static constexpr Seconds kAskAgain{30};

    // `jitter` in [0, 1): several servers do not ask in the same second.
    void got(Secret token, Seconds lifetime, SteadyTime now, double jitter);
    void failed(TokenRefusal refusal, SteadyTime now, double jitter);
    // The relay did not take this token.
    void refused(const Secret& token);
    // A person has signed in: what was wrong is forgotten.
    void begin_anew();

    // Good for a login now; null if there is none.
    const Secret* usable(SteadyTime now) const;

    // Why not; null while nobody knows.
    const TokenRefusal* trouble() const { return trouble_ ? &*trouble_ : nullptr; }

    // When to ask the token server; max: not before a person has signed in.
    SteadyTime next() const { return next_; }

    // Somebody needs a token and has none: may the server be asked now?
    bool may_ask(SteadyTime now) const;

    SteadyTime valid_until() const { return valid_until_; }

    unsigned failures() const { return failures_; }

  private:
    Secret token_;
    SteadyTime valid_until_{};
    SteadyTime next_{};  // at once
    SteadyTime failed_at_{};
    std::optional<TokenRefusal> trouble_;
    unsigned failures_ = 0;  // in a row
};

}  // namespace posthaste::delivery
