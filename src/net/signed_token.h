// JSON Web Signatures in their compact form (RFC 7515) with an RSA or P-256 key, for OAuth's
// assertions (RFC 7523). Blocking for a millisecond: not on a worker.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <string>
#include <string_view>

namespace posthaste::net {

enum class TokenSignature { rs256, ps256 };

// `header` and `claims` are JSON texts. Errors: syntax (no private key in PEM form), unsupported
// (no RSA key, or one under 2048 bits), io.
Result<Secret> sign_token(const Secret& key_pem, TokenSignature how, std::string_view header,
                          std::string_view claims);

std::string_view name_of(TokenSignature how);  // "RS256"

// What a token's header calls x5t#S256: SHA-256 of the first certificate, base64url. Errors:
// syntax.
Result<std::string> certificate_digest(std::string_view chain_pem);

// A key that can sign, and belongs to the certificate (unless that is ""). Errors: syntax and
// unsupported, with the mend.
Result<void> check_signing_key(const Secret& key_pem, std::string_view chain_pem);

// SHA-256, in octets.
std::string sha256(std::string_view octets);

}  // namespace posthaste::net
