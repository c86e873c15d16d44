// The cryptography of ACME: a P-256 key with its JSON Web Key and ES256 signatures (RFC 7515,
// 7518), the request for a certificate (RFC 2986), the certificate that answers a tls-alpn-01
// challenge (RFC 8737), and what an issued one says. By OpenSSL, in the source only.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "net/tls.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace posthaste::acme {

// An ECDSA key on P-256; copies share it. Thread-safe to use.
class Key {
  public:
    static Result<Key> generate();
    // PEM. Errors: syntax (no key, locked with a password), unsupported (another kind of key).
    static Result<Key> parse(std::string_view pem);
    // The key in `path`, made there (0600, durably) when there is no such file. One that is there
    // but not usable is an error, never replaced: it may be somebody's account.
    static Result<Key> load_or_make(const std::string& path);

    Secret pem() const;
    std::string jwk() const;                                // {"crv":…,"kty":…,"x":…,"y":…}
    std::string thumbprint() const;                         // RFC 7638, base64url
    Result<std::string> sign(std::string_view text) const;  // ES256: r and s, 64 octets

    evp_pkey_st* get() const { return key_.get(); }

  private:
    explicit Key(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

    std::shared_ptr<evp_pkey_st> key_;
};

// DER. `names` are DNS names and become subjectAltName; the subject stays empty, as the CAs want.
Result<std::string> make_request(const Key& key, const std::vector<std::string>& names);

// RFC 8737 §3: by itself signed, for `name`, with the digest of the key authorization in it.
Result<net::PemIdentity> make_challenge_certificate(const std::string& name,
                                                    std::string_view key_authorization);

struct Issued {
    Timestamp not_before;
    Timestamp not_after;
    std::vector<std::string> names;  // lower case
};

// The first certificate of a PEM chain. Errors: syntax (no certificate, or it is not `key`'s).
Result<Issued> read_chain(std::string_view pem, const Key& key);

std::string sha256(std::string_view octets);  // 32 octets

}  // namespace posthaste::acme
