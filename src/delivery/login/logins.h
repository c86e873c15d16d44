// Logins: how this server logs in at its smarthosts. Has the tokens, remembers what SCRAM worked
// out, and knows for `posthaste relay status` how each login went last. One for the process;
// thread-safe. `run` on any worker.
#pragma once

#include "base/mutex.h"
#include "delivery/delivery.h"
#include "delivery/login/login.h"
#include "delivery/login/token_source.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::delivery {

struct LoginReport {
    std::string route;  // whose login it is; empty: [relay]
    std::string relay;  // "smtp.office365.com:587"
    std::string user;
    std::string method;     // "password", "oauth (client secret)", "certificate"
    std::string mechanism;  // of the last login
    std::optional<Timestamp> worked;
    std::optional<Timestamp> refused;  // later than `worked`: it does not work now
    std::string reply;                 // then: what was said, and what to do
    std::string mend;
    std::optional<TokenSource::Report> token;
    std::string token_name;  // OAuthSettings::name, "" without
};

class Logins {
  public:
    // `fetch`: how token servers are asked; null: by HTTPS. The others outlive it.
    Logins(store::Store& store, runtime::BlockingPool& blocking, Log& log,
           TokenSource::Fetch fetch = {});
    ~Logins();

    // Its login is in the report, and its token is fetched, from now on.
    void add(const Smarthost& smarthost);
    void stop();

    // Logs in as the smarthost's settings say; with a token that is refused once more with a fresh
    // one (delivery.md 9.1). The incident carries the mend.
    runtime::Task<Step<>> run(ClientSession& session, std::shared_ptr<const Smarthost> smarthost);

    std::vector<LoginReport> report() const;

    // A person has signed in for the login of that name: kept, and used from now on. Blocking.
    // Errors: not_found, and those of the store.
    Result<void> sign_in(const std::string& name, const Secret& refresh_token);

  private:
    struct Entry {
        LoginReport report;
        std::shared_ptr<smtp::ScramKeys> keys;
        std::shared_ptr<TokenSource> tokens;
    };

    Entry& entry(const Smarthost& smarthost) PH_REQUIRES(mutex_);
    void note(const Smarthost& smarthost, const LoginSaid& said, const Step<>& result);

    store::Store& store_;
    runtime::BlockingPool& blocking_;
    Log& log_;
    const TokenSource::Fetch fetch_;
    mutable Mutex mutex_;
    std::map<std::string, Entry> entries_ PH_GUARDED_BY(mutex_);
    std::map<std::string, std::shared_ptr<TokenSource>> sources_ PH_GUARDED_BY(mutex_);  // by name
    bool stopped_ PH_GUARDED_BY(mutex_) = false;
};

}  // namespace posthaste::delivery
