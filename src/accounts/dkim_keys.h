// The DKIM keys of our domains: made, taken over, put into use and out of it (delivery.md 5.4). The
// rules behind `posthaste dkim`. Blocking; used by the admin API on a blocking pool.
//
//   pending    signs nothing until DNS shows it
//   active     signs; one of each algorithm, so that both can stand side by side
//   retiring   signs nothing more, and stays in DNS while mail that it signed is on its way
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "mail/dkim/dkim_key.h"
#include "store/store.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::accounts {

// Of a key, all that may be shown: nothing private.
struct DkimKeyInfo {
    std::string domain;  // A-labels
    std::string selector;
    store::DkimState state = store::DkimState::pending;
    mail::DkimAlgorithm algorithm = mail::DkimAlgorithm::rsa_sha256;
    unsigned bits = 0;
    std::string record;  // what DNS must show; empty when the key cannot be read
    std::string broken;  // why it cannot be read; empty when it can
    Timestamp created;
    Timestamp changed;                   // when it came into its state
    std::optional<Timestamp> dns_until;  // retiring: until then its record is still needed

    std::string dns_name() const { return selector + "._domainkey." + domain; }
};

struct NewDkimKey {
    std::string domain{};
    mail::DkimAlgorithm algorithm = mail::DkimAlgorithm::rsa_sha256;
    unsigned bits = 2048;    // RSA only
    std::string selector{};  // empty: "ph202611a", or the next letter that is free
};

class DkimKeys {
  public:
    explicit DkimKeys(store::Store& store) : store_(store) {}

    // Errors of all: syntax, not_found (no domain of ours, no such key), conflict, denied,
    // too_large (20 keys a domain), store_*. Texts and mends are written for people.
    Result<std::vector<DkimKeyInfo>> list(std::string_view domain);  // of all domains when empty
    Result<DkimKeyInfo> find(std::string_view domain, std::string_view selector);

    Result<DkimKeyInfo> create(const NewDkimKey& wanted);  // pending; takes a second or so
    Result<DkimKeyInfo> import(std::string_view domain, std::string_view selector,
                               const Secret& pem);  // pending

    // An active one of the same algorithm becomes retiring in the same write; its selector is the
    // answer, else "". `record` is what has been checked: another key by now is refused.
    Result<std::string> activate(std::string_view domain, std::string_view selector,
                                 std::string_view record);
    // True when another key still signs for the domain.
    Result<bool> retire(std::string_view domain, std::string_view selector);
    Result<void> remove(std::string_view domain, std::string_view selector);  // never an active one

  private:
    store::Store& store_;
};

}  // namespace posthaste::accounts
