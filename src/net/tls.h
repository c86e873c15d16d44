// TLS by OpenSSL 3: 1.2 and 1.3, ECDHE and AEAD only, no renegotiation, no TLS 1.3 tickets, TLS 1.2
// session ids issued, ALPN for another protocol refused (DESIGN.md; clients.md 3.2; threats.md S9,
// T1 to T5).
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::net {

struct TlsInfo {
    std::string version;  // "TLSv1.3"
    std::string cipher;
    std::string server_name;  // SNI as asked for (server) or sent (client)
    bool verified = false;    // client: chain and name
    std::string peer_error;   // client, unverified: why, in a sentence
};

struct CertificateFiles {
    std::string cert_file;  // PEM, leaf first, then the chain
    std::string key_file;
};

// A certificate with its chain and its key, as PEM.
struct PemIdentity {
    std::string chain_pem;  // leaf first
    Secret key_pem;
};

// Certificates side by side (ECDSA and RSA), re-read when the files change: `reload_if_changed`
// swaps them for new handshakes and keeps the old ones when the new do not load. One that shares no
// name with the first is chosen by SNI alone; an unknown name gets the first. Thread-safe.
class TlsServerContext {
  public:
    struct Options {
        std::vector<CertificateFiles> certificates;
        std::vector<std::string> alpn = {"smtp"};  // what is accepted when the client offers ALPN
    };

    static Result<std::shared_ptr<TlsServerContext>> make(Options options);
    ~TlsServerContext();

    // True when something new was loaded. Errors leave the old certificates in use.
    Result<bool> reload_if_changed();

    struct Certificate {
        std::string subject;
        std::vector<std::string> names;  // dNSName entries, in order
        Timestamp not_after;
        bool rsa = false;
        std::string fingerprint;  // SHA-256, hex
        std::string warning;      // a sentence when it is expired or not yet valid
    };

    std::vector<Certificate> certificates() const;

    // For signing with the key that a client asking for `name` sees: of several certificates for
    // it the RSA one, which every device can check; for an unknown name the first. Errors: io.
    Result<PemIdentity> identity(std::string_view name) const;

    struct Impl;

    Impl& impl() const { return *impl_; }

  private:
    explicit TlsServerContext(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

class TlsClientContext {
  public:
    // `ca_file`: empty for the system's.
    static Result<std::shared_ptr<TlsClientContext>> make(std::string ca_file);
    ~TlsClientContext();

    struct Impl;

    Impl& impl() const { return *impl_; }

  private:
    explicit TlsClientContext(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

struct TlsClientPolicy {
    std::string server_name;  // SNI, and the name that must match; an IP address is matched as one
    bool verify = true;       // false: opportunistic, the result is only told
    std::vector<std::string> alpn;
};

// An own CA and a certificate of it, for a server without [tls] and for `posthaste try`. Writes
// ca.pem, ca-key.pem, ecdsa.pem, ecdsa-key.pem, rsa.pem, rsa-key.pem (keys 0600) into `folder`
// unless they are there, name `hostname` and run for 30 more days; gives the files to use, ECDSA
// first.
Result<std::vector<CertificateFiles>> ensure_own_certificates(
    const std::string& folder, const std::vector<std::string>& names);

}  // namespace posthaste::net
