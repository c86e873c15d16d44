// TLS assurance: what a session has shown of the other side, and for whose mail that is enough
// (delivery.md 2.8): a session that was opened without asking who answers never carries mail that
// wants to know. Pure.
#pragma once

#include "delivery/tls/tls_policy.h"
#include "net/tls.h"

#include <string>
#include <vector>

namespace posthaste::delivery {

struct TlsAssurance {
    enum class Kind : std::uint8_t { clear, encrypted, verified, dane };

    Kind kind = Kind::clear;
    // Clear: the host offered TLS, and it was not used because the route says so or it does not
    // work.
    bool tls_was_offered = false;
    bool keyword = false;   // REQUIRETLS was offered within TLS
    std::string name{};     // verified: the name it was verified for
    std::string matched{};  // DANE by usage 2: the name in the certificate, "*.example.com" too
    bool by_leaf = false;   // DANE by usage 3, which is about no name
    net::TlsDane dane{};    // what it was verified by
};

// After the last EHLO. `info` null: in clear.
TlsAssurance assurance_of(const TlsPolicy& policy, const net::TlsInfo* info, bool tls_was_offered,
                          bool keyword);

bool satisfies(const TlsAssurance& assurance, const TlsPolicy& policy);

}  // namespace posthaste::delivery
