#include "net/signed_token.h"

#include "base/base64.h"
#include "net/detail/loaded_certificate.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

namespace posthaste::net {

namespace {

using DigestPtr = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

constexpr int kFewestBits = 2048;

Result<detail::KeyPtr> rsa_key(const Secret& pem) {
    auto key = detail::parse_key(pem.reveal());
    if (!key) {
        const bool locked = pem.reveal().find("ENCRYPTED") != std::string_view::npos;
        return fail(
            ErrorKind::syntax,
            locked ? "the key is locked with a password" : "there is no private key in PEM form",
            locked ? "write it without one: openssl pkey -in OLD -out NEW"
                   : "name the file that begins with -----BEGIN PRIVATE KEY-----");
    }
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
        EVP_PKEY_get_bits(key.get()) < kFewestBits) {
        return fail(ErrorKind::unsupported, "the key is not RSA with 2048 bits or more",
                    "make one: openssl req -x509 -newkey rsa:2048 -nodes -keyout relay.key -out "
                    "relay.crt -days 730 -subj /CN=posthaste");
    }
    return key;
}

bool prepare(EVP_MD_CTX* context, EVP_PKEY* key, TokenSignature how) {
    EVP_PKEY_CTX* parameters = nullptr;
    if (EVP_DigestSignInit(context, &parameters, EVP_sha256(), nullptr, key) != 1) return false;
    if (how == TokenSignature::rs256) return true;
    // RFC 7518 §3.5: the salt is as long as the digest.
    return EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

std::string_view name_of(TokenSignature how) {
    return how == TokenSignature::rs256 ? "RS256" : "PS256";
}

Result<Secret> sign_token(const Secret& key_pem, TokenSignature how, std::string_view header,
                          std::string_view claims) {
    PH_TRY(auto key, rsa_key(key_pem));
    std::string text = fmt::format("{}.{}", base64::encode_url(header), base64::encode_url(claims));
    DigestPtr context(EVP_MD_CTX_new());
    const auto* octets = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t length = 0;
    const bool ready = context && prepare(context.get(), key.get(), how) &&
                       EVP_DigestSign(context.get(), nullptr, &length, octets, text.size()) == 1;
    std::string signature(length, '\0');
    if (!ready || EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                 &length, octets, text.size()) != 1) {
        return fail(ErrorKind::io, "the assertion cannot be signed: " + detail::take_tls_reason());
    }
    signature.resize(length);
    return Secret(fmt::format("{}.{}", text, base64::encode_url(signature)));
}

Result<std::string> certificate_digest(std::string_view chain_pem) {
    const auto chain = detail::parse_certificates(chain_pem);
    if (sk_X509_num(chain.get()) == 0)
        return fail(ErrorKind::syntax, "there is no certificate in PEM form",
                    "name the file that begins with -----BEGIN CERTIFICATE-----");
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(sk_X509_value(chain.get(), 0), EVP_sha256(), digest, &length) != 1)
        return fail(ErrorKind::io, "the certificate's digest cannot be made");
    return base64::encode_url({reinterpret_cast<const char*>(digest), length});
}

Result<void> check_signing_key(const Secret& key_pem, std::string_view chain_pem) {
    PH_TRY(const auto key, rsa_key(key_pem));
    if (chain_pem.empty()) return {};
    PH_TRY([[maybe_unused]] const auto digest, certificate_digest(chain_pem));
    const auto chain = detail::parse_certificates(chain_pem);
    const bool ours = X509_check_private_key(sk_X509_value(chain.get(), 0), key.get()) == 1;
    ERR_clear_error();
    if (ours) return {};
    return fail(ErrorKind::syntax, "the key does not belong to the certificate",
                "name the two files that were made together");
}

std::string sha256(std::string_view octets) {
    std::string digest(32, '\0');
    unsigned length = 0;
    EVP_Digest(octets.data(), octets.size(), reinterpret_cast<unsigned char*>(digest.data()),
               &length, EVP_sha256(), nullptr);
    return digest;
}

}  // namespace posthaste::net
