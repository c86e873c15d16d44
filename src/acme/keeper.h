// Keeper: has certificates for the names that are wanted, in FOLDER/NAME/{fullchain,privkey}.pem,
// and keeps them fresh. A certificate each name set, so that a broken name costs its own set only,
// and inside a set only itself: it is left out and tried again later. One thread of its own, since
// an order waits for minutes on somebody else's server; it starts with `start` and ends with
// `stop`. The other members may be called from any thread.
//
// The private key of a set stays the same for all its certificates: a new certificate is then one
// file renamed into place, never a key and a certificate that do not belong together, and whoever
// pins the key (TLSA 3 1 1) need not follow.
#pragma once

#include "acme/client.h"
#include "acme/schedule.h"
#include "base/log.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::acme {

// What one certificate is for; the first name is that of its folder.
using NameSet = std::vector<std::string>;

class Keeper {
  public:
    struct Options {
        std::string folder;  // made 0700; its parent exists
        std::string directory_url;
        std::string contact;
        std::string ca_file;  // who may sign the directory's certificate; empty: the system's
        std::string user_agent = "posthaste";
        std::vector<ChallengeKind> challenges;  // what the listeners can answer, best first
        Pace pace;
        Seconds look{10};  // how often it is seen whether other names are wanted
    };

    struct Hooks {
        // The sets in the order of their weight. An error: what was wanted last stays wanted.
        std::function<Result<std::vector<NameSet>>()> wanted;
        // An error only when it is certain that the name has no address.
        std::function<Result<void>(const std::string& name)> look_up;
        // A certificate has come; on the keeper's thread.
        std::function<void()> changed;
        // Null: by HTTPS. For tests.
        std::function<Result<net::HttpAnswer>(const net::HttpCall&)> fetch;
    };

    Keeper(Options options, Hooks hooks, Challenges& challenges, Log& log);
    ~Keeper();  // stopped

    // Reads what is there. Errors: io, denied (the folder), syntax and unsupported (the account's
    // key), not_found (ca_file).
    Result<void> open();
    void start();
    void stop();

    // Whatever waits after a failure is tried now.
    void hurry();

    struct Files {
        std::string cert_file;
        std::string key_file;
    };

    // Of the wanted sets those that have a certificate; none that does not load. In order.
    std::vector<Files> certificates() const;

    struct Report {
        NameSet names;
        std::optional<Files> files;  // of the certificate that is there
        std::vector<std::string> certified;
        Timestamp until{};
        Timestamp renewal{};
        Trouble trouble;
        std::vector<std::pair<std::string, Trouble>> left_out;
    };

    std::vector<Report> report() const;
    std::string terms() const;  // where the CA's terms are, "" until it was asked

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// What `Keeper::report` says, from the files alone: for a server that does not run.
std::vector<Keeper::Report> read_reports(const std::string& folder,
                                         const std::vector<NameSet>& wanted);

// mail.example.com for itself, each of its further names too, so that a new one touches no other's
// certificate; autoconfig, autodiscover and ua-auto-config of each domain.
std::vector<NameSet> name_sets(const std::string& hostname, const std::vector<std::string>& domains,
                               const std::vector<std::string>& further = {});

}  // namespace posthaste::acme
