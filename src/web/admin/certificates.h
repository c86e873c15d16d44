// The admin API's view of the certificates: which are in use, where they come from, when they are
// renewed, what went wrong, and under which names clients come that none of them holds.
#pragma once

#include "base/time.h"
#include "web/admin/api.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::web {

struct CertificateReport {
    struct Failure {
        std::string name;  // "" when it is about all of them
        std::uint32_t failures = 0;
        Timestamp at;
        Timestamp next;
        std::string text;
        std::string mend;
    };

    struct Entry {
        std::vector<std::string> names;    // of the certificate; empty: there is none yet
        std::vector<std::string> missing;  // wanted, and not in it
        std::string source;                // "file", "own", "acme"
        std::string file;
        std::string kind;  // "ECDSA", "RSA"
        std::string issuer;
        std::string fingerprint;
        std::string warning;  // a sentence when it is expired, not yet valid or cannot be read
        std::optional<Timestamp> until;
        std::optional<Timestamp> renewal;  // by us
        std::vector<Failure> failures;
    };

    struct Uncovered {
        std::string name;
        std::uint64_t count = 0;
        Timestamp last;
    };

    std::vector<Entry> entries;
    std::vector<Uncovered> uncovered;
    std::string authority;  // the ACME directory, "" without
    std::string terms;      // of the authority, "" when not known
};

// Whoever knows. `report` may read files: it runs on the blocking pool.
class CertificateDesk {
  public:
    virtual ~CertificateDesk() = default;
    virtual Result<CertificateReport> report() = 0;
    virtual Result<void> renew() = 0;  // what waits after a failure is tried now
};

void add_certificate_resources(Router& router,
                               const std::shared_ptr<const AdminServices>& services);

}  // namespace posthaste::web
