// Client: one account at one certificate authority, and orders for certificates (RFC 8555).
// Blocking, for one thread. Requests go through a function, so that tests need no network.
#pragma once

#include "acme/challenges.h"
#include "acme/documents.h"
#include "acme/keys.h"
#include "base/time.h"
#include "net/http_client.h"

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::acme {

// Why an order did not come about, so that the caller can decide what to ask for next and when.
struct Failure {
    Error error;
    std::optional<Seconds> retry_after;  // the CA's own words
    bool everybody = false;              // it would befall an order for other names too

    struct Name {
        std::string name;
        Error error;
    };

    std::vector<Name> names;  // those it was about, if it was about some names only
};

template <class T>
using Outcome = std::expected<T, Failure>;

enum class ChallengeKind { http_01, tls_alpn_01 };

class Client {
  public:
    struct Options {
        std::string directory_url;
        std::string contact{};  // an address; "" for none
        Seconds poll{2};        // between two looks at an order, when the CA does not say
        Seconds patience{180};
    };

    struct Ways {
        std::function<Result<net::HttpAnswer>(const net::HttpCall&)> fetch;
        std::function<bool(Seconds)> wait;                              // false: the server stops
        std::function<void(std::string event, std::string text)> note;  // for the log
    };

    Client(Options options, Key account_key, Challenges& challenges, Ways ways);

    // Orders, proves, and gives the PEM chain for `certificate_key`. The first of `allowed` that
    // the CA offers for a name is answered.
    Outcome<std::string> obtain(const std::vector<std::string>& names, const Key& certificate_key,
                                const std::vector<ChallengeKind>& allowed);

    const std::string& terms() const { return directory_.terms; }

  private:
    Outcome<void> open();
    Outcome<void> make_account(bool with_contact);
    Outcome<std::string> fresh_nonce();
    // `payload` empty: POST-as-GET. `by_key`: signed with the key itself, for a new account.
    Outcome<net::HttpAnswer> post(const std::string& url, const std::string& payload,
                                  bool by_key = false);
    Result<std::string> signed_body(const std::string& url, const std::string& payload,
                                    const std::string& nonce, bool by_key) const;
    Outcome<Order> order(const std::vector<std::string>& names, std::string& url);
    Outcome<void> prove(const Order& order, const std::vector<ChallengeKind>& allowed);
    Outcome<bool> answer_challenge(const Authorization& authorization,
                                   const std::vector<ChallengeKind>& allowed);
    Outcome<Authorization> settle(const std::string& url, Deadline deadline);
    Outcome<Order> finish(Order order, const std::string& url,
                          const std::vector<std::string>& names, const Key& certificate_key);
    Outcome<std::string> download(const Order& order, const std::vector<std::string>& names,
                                  const Key& certificate_key);
    Outcome<void> pause(const net::HttpAnswer& answer, Deadline deadline);

    Options options_;
    Key key_;
    Challenges& challenges_;
    Ways ways_;
    Directory directory_;
    std::string account_;  // its URL; "" until it is known
    std::string nonce_;    // from the last answer
};

// The sentence and mend for what a CA said, as people read it.
Error explain(const Problem& problem, const std::string& name);

}  // namespace posthaste::acme
