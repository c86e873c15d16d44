// A certificate as its two files hold it: read, checked to belong together, described; and given
// out again. For sources of net/ only.
#pragma once

#include "net/detail/openssl.h"
#include "net/tls.h"

#include <string_view>

namespace posthaste::net::detail {

// A certificate with its chain and key, checked to belong together.
struct Loaded {
    X509Ptr leaf;
    ChainPtr chain;
    KeyPtr key;
    TlsServerContext::Certificate facts;

    bool rsa() const { return facts.rsa; }
};

// All certificates in the text, none or more; the key, or null.
ChainPtr parse_certificates(std::string_view pem);
KeyPtr parse_key(std::string_view pem);

// Errors: those of reading, and syntax or unsupported with the mend.
Result<Loaded> load(const CertificateFiles& files);

// Chain and key as text, for who signs with them too.
Result<PemIdentity> to_pem(const Loaded& loaded);

}  // namespace posthaste::net::detail
