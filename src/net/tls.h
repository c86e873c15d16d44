// TLS by OpenSSL 3: 1.2 and 1.3, ECDHE and AEAD only, no renegotiation, no TLS 1.3 tickets, TLS 1.2
// session ids issued, ALPN for another protocol refused (DESIGN.md; clients.md 3.2; threats.md S9,
// T1 to T5).
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "net/tlsa.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::net {

// What was wrong with the other side's certificate.
enum class CertificateFault : std::uint8_t { none, name, date, untrusted, dane };

struct TlsInfo {
    std::string version;  // "TLSv1.3"
    std::string cipher;
    std::string server_name;  // SNI as asked for (server) or sent (client)
    std::string alpn;         // agreed upon; empty: the client offered none
    bool verified = false;    // client: chain and name
    std::string peer_error;   // client, unverified: why, in a sentence
    CertificateFault peer_fault = CertificateFault::none;  // the same as a value
    // Client, verified: the name of ours that the certificate holds. Empty with a TLSA record of
    // usage 3, which is about no name (RFC 7672 §3.1.1).
    std::string matched_name{};
    std::string matched_record{};  // client, DANE: the TLSA record that it was, "3 1 1 ab12…"
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

// Why a client's handshake with us came to nothing, as far as it showed. `server_name` and
// `newest_version` are there once its ClientHello was read; the name is as hostile as its sender.
struct TlsFailure {
    enum class Cause {
        other,
        old_version,          // all it offers is too old
        no_shared_cipher,     // its ciphers are too old, or it wants an RSA certificate
        unknown_authority,    // alert: it does not know who signed our certificate
        certificate_expired,  // alert: by its clock
        bad_certificate,      // alert: another name, or something it does not say
        not_mail,             // it asked for another protocol than mail (ALPN)
        closed,               // it went away without a word, as Windows programs do on a doubt
    };

    Cause cause = Cause::other;
    std::string server_name;
    std::string newest_version;  // "TLSv1.0"
};

// Certificates side by side (ECDSA and RSA), re-read when the files change: `reload_if_changed`
// swaps them for new handshakes and keeps the old ones when the new do not load. One that shares no
// name with the first is chosen by SNI alone; an unknown name gets the first. Thread-safe.
class TlsServerContext {
  public:
    // For a client that offers `protocol` and nothing else: the certificate for the name it asks
    // for, from somewhere else than the files (RFC 8737: "acme-tls/1"). Nothing: refused.
    struct Special {
        std::string protocol;  // "": no such protocol
        std::function<std::optional<PemIdentity>(const std::string& server_name)> find;
    };

    struct Options {
        std::vector<CertificateFiles> certificates;
        std::vector<std::string> alpn = {"smtp"};  // what is accepted when the client offers ALPN
        // TLS 1.0 and 1.1, CBC with SHA-1 and RSA key exchange too (OpenSSL's security level 0),
        // for devices that nobody updates any more: on a fenced port alone (clients.md 3.2).
        bool old_devices = false;
        Special special{};
    };

    static Result<std::shared_ptr<TlsServerContext>> make(Options options);
    ~TlsServerContext();

    // True when something new was loaded. Errors leave the old certificates in use.
    Result<bool> reload_if_changed();
    // Other files from now on; errors leave the old ones in use.
    Result<void> replace_certificates(std::vector<CertificateFiles> certificates);

    struct Certificate {
        std::string subject;
        std::string issuer;              // its organization and common name, for people
        std::vector<std::string> names;  // dNSName entries, in order
        Timestamp not_before;
        Timestamp not_after;
        bool rsa = false;
        std::string fingerprint;  // SHA-256, hex
        std::string warning;      // a sentence when it is expired or not yet valid
    };

    std::vector<Certificate> certificates() const;

    // For signing with the key that a client asking for `name` sees: of several certificates for
    // it the RSA one, which every device can check; for an unknown name the first. Errors: io.
    Result<PemIdentity> identity(std::string_view name) const;

    // Another number once other certificates were loaded: for what is made of `identity`.
    std::uint64_t generation() const;

    // Whether one of them holds that name, wildcards included.
    bool covers(std::string_view server_name) const;

    // Names that clients asked for and no certificate holds, most asked for first. At most 100
    // names are kept, the rarest give way; counted since the start.
    struct Uncovered {
        std::string name;
        std::uint64_t count = 0;
        Timestamp last;
    };

    std::vector<Uncovered> uncovered() const;

    struct Impl;

    Impl& impl() const { return *impl_; }

  private:
    explicit TlsServerContext(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// What the pair says, checked as a server would: they belong together, the key is long enough.
Result<TlsServerContext::Certificate> describe_certificate(const CertificateFiles& files);

class TlsClientContext {
  public:
    // `ca_file`: empty for the system's. `identity`: shown to servers that ask for a certificate;
    // null: none is. Errors: those of reading, syntax (no PEM, key and certificate do not belong
    // together).
    static Result<std::shared_ptr<TlsClientContext>> make(std::string ca_file,
                                                          const PemIdentity* identity = nullptr);
    ~TlsClientContext();

    struct Impl;

    Impl& impl() const { return *impl_; }

  private:
    explicit TlsClientContext(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// TLSA records to verify by, instead of authorities (RFC 7672).
struct TlsDane {
    std::string base;  // the TLSA base domain: the SNI, and the first name of a usage 2 certificate
    std::vector<TlsaRecord> records;      // usable ones; none: the handshake fails
    std::vector<std::string> more_names;  // that a usage 2 certificate may hold too
};

struct TlsClientPolicy {
    std::string server_name;  // SNI, and the name that must match; an IP address is matched as one
    bool verify = true;       // false: opportunistic, the result is only told
    std::vector<std::string> alpn;
    std::optional<TlsDane> dane{};  // then it decides, whatever `server_name` and `verify` say
    // Ciphers of TLS 1.2 without forward secrecy too, as always without `verify`: for hosts that
    // are verified because their domain asked for it, of whose servers nobody here has a say.
    bool old_ciphers = false;
    // TLS 1.0 and 1.1 too, where nothing is verified: better than clear text.
    bool old_versions = false;
    // A ClientHello as small as can be: some hosts hang at a large one.
    bool small_hello = false;
    // TLS 1.0 and nothing newer, as a device speaks it that nobody updates any more: to see what
    // such a one meets (`posthaste send --old-tls`), never to carry anybody's mail.
    bool old_device = false;
    // Set when the handshake ended because of the certificate; outlives it. May be null.
    CertificateFault* fault = nullptr;
};

// An own CA and a certificate of it, for a server without [tls] and for `posthaste try`. Writes
// ca.pem, ca-key.pem, ecdsa.pem, ecdsa-key.pem, rsa.pem, rsa-key.pem (keys 0600) into `folder`
// unless they are there, name `hostname` and run for 30 more days; gives the files to use, ECDSA
// first.
Result<std::vector<CertificateFiles>> ensure_own_certificates(
    const std::string& folder, const std::vector<std::string>& names);

}  // namespace posthaste::net
