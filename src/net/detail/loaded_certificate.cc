#include "net/detail/loaded_certificate.h"

#include "base/file.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace posthaste::net::detail {

namespace {

constexpr std::size_t kFileAtMost = 1 << 20;

int no_password(char*, int, int, void*) {
    return -1;
}

}  // namespace

ChainPtr parse_certificates(std::string_view pem) {
    BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    ChainPtr chain(sk_X509_new_null());
    while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
        sk_X509_push(chain.get(), next);
    }
    ERR_clear_error();  // the end of the text
    return chain;
}

KeyPtr parse_key(std::string_view pem) {
    BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    return key;
}

namespace {

Result<ChainPtr> read_certificates(const std::string& path) {
    PH_TRY(auto pem, read_file(path, kFileAtMost));
    auto chain = parse_certificates(pem);
    if (sk_X509_num(chain.get()) > 0) return chain;
    return fail(ErrorKind::syntax, path + " holds no certificate in PEM form",
                "name the file that begins with -----BEGIN CERTIFICATE-----");
}

Result<KeyPtr> read_key(const std::string& path) {
    PH_TRY(auto pem, read_file(path, kFileAtMost));
    auto key = parse_key(pem);
    bool encrypted = pem.find("ENCRYPTED") != std::string::npos;
    OPENSSL_cleanse(pem.data(), pem.size());
    if (key) return key;
    if (encrypted) {
        return fail(ErrorKind::syntax, path + " is locked with a password",
                    "write it without one: openssl pkey -in OLD -out NEW");
    }
    return fail(ErrorKind::syntax, path + " holds no private key in PEM form",
                "name the file that begins with -----BEGIN PRIVATE KEY-----");
}

std::string hex(const unsigned char* octets, unsigned count) {
    std::string text;
    for (unsigned i = 0; i < count; ++i) text += fmt::format("{:02x}", octets[i]);
    return text;
}

TlsServerContext::Certificate facts_of(X509* leaf, EVP_PKEY* key) {
    TlsServerContext::Certificate facts;
    char* subject = X509_NAME_oneline(X509_get_subject_name(leaf), nullptr, 0);
    facts.subject = subject != nullptr ? subject : "";
    OPENSSL_free(subject);
    facts.issuer = issuer_for_people(leaf);
    facts.names = certificate_names(leaf);
    facts.not_before = certificate_time(X509_get0_notBefore(leaf));
    facts.not_after = certificate_time(X509_get0_notAfter(leaf));
    facts.rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(leaf, EVP_sha256(), digest, &length) == 1)
        facts.fingerprint = hex(digest, length);
    if (facts.not_after < now()) {
        facts.warning = "the certificate expired on " + format_iso8601(facts.not_after);
    } else if (facts.not_before > now()) {
        facts.warning = "the certificate is not valid before " + format_iso8601(facts.not_before);
    }
    return facts;
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Result<Loaded> load(const CertificateFiles& files) {
    PH_TRY(auto chain, read_certificates(files.cert_file));
    PH_TRY(auto key, read_key(files.key_file));
    Loaded loaded;
    loaded.leaf.reset(sk_X509_shift(chain.get()));
    if (X509_check_private_key(loaded.leaf.get(), key.get()) != 1) {
        ERR_clear_error();
        for (int i = 0; i < sk_X509_num(chain.get()); ++i) {
            if (X509_check_private_key(sk_X509_value(chain.get(), i), key.get()) != 1) continue;
            return fail(ErrorKind::syntax,
                        "the server's certificate is not the first in " + files.cert_file,
                        "put it before those of the authorities");
        }
        ERR_clear_error();
        return fail(ErrorKind::syntax,
                    fmt::format("the key in {} does not belong to the certificate in {}",
                                files.key_file, files.cert_file),
                    "name the two files that were issued together");
    }
    if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key.get()) < 2048) {
        return fail(
            ErrorKind::unsupported,
            fmt::format("the RSA key in {} has {} bits, and mail programs want 2048 or more",
                        files.key_file, EVP_PKEY_get_bits(key.get())),
            "have a new certificate issued for a new key");
    }
    loaded.facts = facts_of(loaded.leaf.get(), key.get());
    loaded.chain = std::move(chain);
    loaded.key = std::move(key);
    return loaded;
}

Result<PemIdentity> to_pem(const Loaded& loaded) {
    BioPtr chain(BIO_new(BIO_s_mem()));
    // A secret's memory is cleansed when the buffer goes.
    BioPtr key(BIO_new(BIO_s_secmem()));
    bool written = chain && key && PEM_write_bio_X509(chain.get(), loaded.leaf.get()) == 1 &&
                   PEM_write_bio_PrivateKey(key.get(), loaded.key.get(), nullptr, nullptr, 0,
                                            nullptr, nullptr) == 1;
    for (int i = 0; written && i < sk_X509_num(loaded.chain.get()); ++i)
        written = PEM_write_bio_X509(chain.get(), sk_X509_value(loaded.chain.get(), i)) == 1;
    if (!written)
        return fail(ErrorKind::io, "the certificate cannot be given out: " + take_tls_reason());
    return PemIdentity{text_of(chain.get()), Secret(text_of(key.get()))};
}

}  // namespace posthaste::net::detail
