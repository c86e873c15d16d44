// For tests: a certificate authority in memory, asked by HttpCall. Signatures, nonces and the
// key authorization are checked as RFC 8555 demands; what it does wrong is set by the test.
#pragma once

#include "acme/challenges.h"
#include "net/http_client.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace posthaste::acme::testing {

class FakeAuthority {
  public:
    explicit FakeAuthority(Challenges& challenges);
    ~FakeAuthority();

    Result<net::HttpAnswer> fetch(const net::HttpCall& call);

    // What goes wrong.
    bool down = false;
    int refuse_nonces = 0;                           // so many good ones
    std::set<std::string> unproven;                  // names whose proof is not found
    std::map<std::string, net::HttpAnswer> instead;  // path -> this answer
    std::string reject_contact;                      // problem type for an account with contact
    bool external_account = false;
    bool wrong_key = false;  // issues for a key of its own
    std::string leave_out;   // this name, from the certificate
    int processing = 0;      // looks at an order before it is valid
    std::chrono::seconds lifetime{90 * 86'400};
    std::set<std::string> offered{"http-01", "tls-alpn-01", "dns-01"};

    // What was asked.
    std::vector<std::string> paths;
    std::vector<std::vector<std::string>> orders;
    std::vector<std::string> proofs;  // challenge types that were answered
    int accounts = 0;

    void forget_accounts();
    std::size_t count(std::string_view path) const;

    static net::HttpAnswer problem(int status, std::string_view type, std::string_view detail,
                                   std::string_view more = {});

    static constexpr const char* kDirectory = "https://ca.test/dir";

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace posthaste::acme::testing
