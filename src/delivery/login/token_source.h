// TokenSource: one login's tokens. A thread of its own asks the token server, since an answer may
// take its time: one question at a time, however many sessions wait (delivery.md 9.1). It renews
// before the token ends whether or not mail is due, so that a secret that has run out is told
// before somebody's mail waits for it.
//
// A rotated refresh token is on disk before the access token that came with it is used: after a
// crash the newest one is there.
#pragma once

#include "base/log.h"
#include "delivery/login/token_state.h"
#include "delivery/login/token_vault.h"
#include "runtime/task.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace posthaste::delivery {

class TokenSource {
  public:
    // Blocking. Null in `Hooks`: by HTTPS.
    using Fetch = std::function<Result<net::HttpAnswer>(const net::HttpCall&)>;

    struct Report {
        std::optional<Timestamp> until;  // of a token that is good now
        std::optional<Timestamp> renewal;
        std::string trouble;  // why there is none, or why it is not renewed; "" if all is well
        std::string mend;
        bool sign_in_needed = false;
        std::string doubt;  // what the token itself lacks, with the mend; "" if nothing
        std::optional<TokenRefusal::Kind> trouble_kind{};  // of `trouble`
        std::uint64_t tokens = 0;                          // so far
        std::uint64_t failures = 0;                        // questions without one, so far
    };

    // `store` and `log` outlive it.
    TokenSource(std::shared_ptr<const OAuthSettings> settings, store::Store& store, Log& log,
                Fetch fetch);
    ~TokenSource();  // stopped

    void start();
    void stop();  // any thread; who waits is told that the server stops

    // On a worker. At once when there is a good one, or when it is known that there will be none.
    runtime::Task<std::expected<Secret, TokenRefusal>> token(Deadline deadline);

    // The relay did not take it: the next `token` is another.
    void refused(const Secret& token);

    // Whether a person signs in for it; the other grants need nobody.
    bool takes_sign_in() const;

    // A person has signed in; the refresh token is in the vault already.
    void signed_in();

    Report report() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace posthaste::delivery
