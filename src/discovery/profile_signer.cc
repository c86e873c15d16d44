#include "discovery/profile_signer.h"

#include "base/owned.h"

#include <climits>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace posthaste::discovery {
namespace {

void free_chain(STACK_OF(X509) * chain) {
    sk_X509_pop_free(chain, X509_free);
}

using Bio = Owned<BIO, BIO_free_all>;
using Certificate = Owned<X509, X509_free>;
using Chain = Owned<STACK_OF(X509), free_chain>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Cms = Owned<CMS_ContentInfo, CMS_ContentInfo_free>;

Bio reading(std::string_view text) {
    if (text.size() > INT_MAX) return {};
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// The library's default would ask on the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
    return 0;
}

std::string library_words() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "no reason given" : reason;
}

std::string content_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

struct ProfileSigner::Identity {
    Certificate certificate;
    Chain others;
    Key key;
};

ProfileSigner::ProfileSigner(std::unique_ptr<Identity> identity) : identity_(std::move(identity)) {}

ProfileSigner::~ProfileSigner() = default;

Result<std::unique_ptr<ProfileSigner>> ProfileSigner::make(std::string_view chain_pem,
                                                           const Secret& key_pem) {
    ERR_clear_error();
    Identity identity;
    const Bio chain = reading(chain_pem);
    identity.certificate.reset(PEM_read_bio_X509(chain.get(), nullptr, no_password, nullptr));
    if (!identity.certificate)
        return fail(ErrorKind::syntax, "the certificate cannot be read: " + library_words(),
                    "give it in PEM, with -----BEGIN CERTIFICATE-----");
    identity.others.reset(sk_X509_new_null());
    while (X509* next = PEM_read_bio_X509(chain.get(), nullptr, no_password, nullptr)) {
        if (sk_X509_push(identity.others.get(), next) == 0) {
            X509_free(next);
            return fail(ErrorKind::io, "the certificate chain does not fit into memory");
        }
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!at_end)
        return fail(ErrorKind::syntax, "the certificate chain cannot be read: " + library_words(),
                    "give every certificate of it in PEM");
    ERR_clear_error();
    const Bio key = reading(key_pem.reveal());
    identity.key.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, no_password, nullptr));
    if (!identity.key)
        return fail(ErrorKind::syntax, "the private key cannot be read: " + library_words(),
                    "give it in PEM, not encrypted");
    if (X509_check_private_key(identity.certificate.get(), identity.key.get()) != 1) {
        ERR_clear_error();
        return fail(ErrorKind::conflict, "the private key does not belong to the certificate",
                    "give the key that the certificate was made for");
    }
    return std::unique_ptr<ProfileSigner>(
        new ProfileSigner(std::make_unique<Identity>(std::move(identity))));
}

Result<std::string> ProfileSigner::sign(std::string_view plist) const {
    ERR_clear_error();
    const Bio content = reading(plist);
    // Binary: the octets are signed as they are, not as mail with its line ends.
    const Cms cms(CMS_sign(identity_->certificate.get(), identity_->key.get(),
                           identity_->others.get(), content.get(), CMS_BINARY | CMS_NOSMIMECAP));
    const Bio der(BIO_new(BIO_s_mem()));
    if (!cms || !der || i2d_CMS_bio(der.get(), cms.get()) != 1)
        return fail(ErrorKind::unsupported,
                    fmt::format("the profile cannot be signed with this key: {}", library_words()),
                    "use an RSA or ECDSA certificate");
    return content_of(der.get());
}

}  // namespace posthaste::discovery
