// Authenticator: a login and a password become an Identity, or a refusal that says which box to
// tick.
//
// The same answer and the same time for an unknown user and a wrong password: every failure costs
// the same fixed number of hashes (threats.md A5). Argon2id runs on a bounded pool; successes of
// late are kept in a keyed cache, so that a busy client does not pay it each time. The cache
// forgets everything when the directory changes.
#pragma once

#include "accounts/identity.h"
#include "accounts/login_guard.h"
#include "base/ip.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/secret.h"
#include "runtime/offload.h"
#include "runtime/task.h"
#include "store/store.h"

#include <expected>
#include <memory>
#include <optional>
#include <string>

namespace posthaste::accounts {

enum class Refusal {
    wrong_password,      // or no such user: R3
    former_password,     // the one before the present one: R6
    name_needs_domain,   // R4, by syntax alone
    name_is_no_address,  // R5, by syntax alone
    disabled,            // R13; said only to somebody who knows the password
    locked,              // too many guessed this user's password; not looked at: R64
    busy,                // the hash pool is full: 454 4.7.0, try again
    unavailable,         // the store cannot be asked: 454 4.7.0
};

// What a client gave, and where.
struct LoginAttempt {
    std::string login;  // octets as sent: UTF-8 or Latin-1 (clients.md 3.3, 6.3.2)
    Secret password;
    std::string server_name{};  // SNI: names the domain when the login does not
    IpAddress client{};
};

// Who was refused. All but `why` is for the log and the sign-in log, never for the client.
struct Rejection {
    Refusal why{};
    std::string account{};  // what the login was taken for; "" when it is no address
    bool known = false;     // there is such an account
    Timestamp changed{};    // former_password: when it was
    // What it added up to. The network's ban holds from the next question on.
    LoginGuard::Counted counted{};

    bool operator==(Refusal other) const { return why == other; }
};

class Authenticator {
  public:
    struct Options {
        std::size_t hash_threads = 2;
        std::size_t hash_queue = 256;  // logins that may wait for a hash; beyond it: busy
        std::size_t cache_entries = 10'000;
        Seconds cache_lifetime{std::chrono::hours(1)};
        Seconds hash_deadline{20};
    };

    // `guard`: told of every success and failure; may be null, outlives it.
    Authenticator(Options options, store::Store& store, LoginGuard* guard = nullptr);
    ~Authenticator();

    // Any worker.
    runtime::Task<std::expected<Identity, Rejection>> authenticate(LoginAttempt attempt);

    // A session outlives changes of the directory: who was logged in before one is looked at again,
    // so that a disabled account, a changed password or a revoked app password ends its open
    // sessions too. Cheap when nothing has changed. Any worker.
    runtime::Task<std::expected<Identity, Refusal>> renew(Identity identity);
    std::uint64_t directory_generation() const;

    void register_metrics(MetricsRegistry& registry);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace posthaste::accounts
