#include "mail/dkim/dkim_key.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/owned.h"

#include <climits>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace posthaste::mail {
namespace {

constexpr unsigned kFewestBits = 1024;  // RFC 8301 §3.2
constexpr unsigned kMostBits = 4096;    // verifiers need take no more
constexpr std::size_t kMaxPem = 64 << 10;

using Bio = Owned<BIO, BIO_free_all>;
using Pkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

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

Result<std::string> sha256(std::string_view data) {
    std::string hash(32, '\0');
    if (EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(hash.data()), nullptr,
                   EVP_sha256(), nullptr) != 1)
        return fail(ErrorKind::io, "cannot hash: " + library_words());
    return hash;
}

}  // namespace

std::string_view to_string(DkimAlgorithm algorithm) {
    return algorithm == DkimAlgorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256";
}

struct DkimKey::Key {
    Pkey pkey;
};

DkimKey::DkimKey(std::shared_ptr<const Key> key, DkimAlgorithm algorithm)
    : key_(std::move(key)), algorithm_(algorithm) {}

Result<DkimKey> DkimKey::wrap(std::shared_ptr<const Key> key) {
    switch (EVP_PKEY_get_base_id(key->pkey.get())) {
        case EVP_PKEY_ED25519:
            return DkimKey(std::move(key), DkimAlgorithm::ed25519_sha256);
        case EVP_PKEY_RSA: {
            const auto bits = static_cast<unsigned>(EVP_PKEY_get_bits(key->pkey.get()));
            if (bits < kFewestBits || bits > kMostBits)
                return fail(ErrorKind::syntax,
                            fmt::format("the RSA key has {} bits; DKIM takes {} to {}", bits,
                                        kFewestBits, kMostBits),
                            "make one of 2048 bits: posthaste dkim new DOMAIN");
            return DkimKey(std::move(key), DkimAlgorithm::rsa_sha256);
        }
        default:
            return fail(ErrorKind::syntax, "the key is neither RSA nor Ed25519",
                        "make one: posthaste dkim new DOMAIN");
    }
}

Result<DkimKey> DkimKey::generate(DkimAlgorithm algorithm, unsigned bits) {
    auto key = std::make_shared<Key>();
    if (algorithm == DkimAlgorithm::ed25519_sha256) {
        key->pkey.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    } else {
        if (bits < kFewestBits || bits > kMostBits)
            return fail(ErrorKind::syntax, fmt::format("{} bits are not possible", bits),
                        "2048 is what every receiver takes");
        key->pkey.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}));
    }
    if (!key->pkey) return fail(ErrorKind::io, "cannot make a key: " + library_words());
    return wrap(std::move(key));
}

Result<DkimKey> DkimKey::from_pem(const Secret& pem) {
    if (pem.reveal().size() > kMaxPem)
        return fail(ErrorKind::syntax, "the file is too large for a key", "name the key's file");
    const Bio bio(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.reveal().size())));
    auto key = std::make_shared<Key>();
    key->pkey.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    if (!key->pkey)
        return fail(ErrorKind::syntax, "this is no private key in PEM form: " + library_words(),
                    "it begins with -----BEGIN PRIVATE KEY----- and has no password; "
                    "openssl pkey -in OLD -out NEW takes one away");
    return wrap(std::move(key));
}

unsigned DkimKey::bits() const {
    return static_cast<unsigned>(EVP_PKEY_get_bits(key_->pkey.get()));
}

Secret DkimKey::to_pem() const {
    const Bio bio(BIO_new(BIO_s_secmem()));
    const bool written = PEM_write_bio_PrivateKey(bio.get(), key_->pkey.get(), nullptr, nullptr, 0,
                                                  nullptr, nullptr) == 1;
    PH_ASSERT(written);
    char* octets = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &octets);
    return Secret(std::string(octets, static_cast<std::size_t>(size)));
}

// RSA: the SubjectPublicKeyInfo (RFC 6376 §3.6.1). Ed25519: the 32 octets alone (RFC 8463 §4.2).
std::string DkimKey::record() const {
    std::string octets;
    if (algorithm_ == DkimAlgorithm::ed25519_sha256) {
        std::size_t size = 32;
        octets.resize(size);
        const bool given =
            EVP_PKEY_get_raw_public_key(
                key_->pkey.get(), reinterpret_cast<unsigned char*>(octets.data()), &size) == 1;
        PH_ASSERT(given && size == octets.size());
        return "v=DKIM1; k=ed25519; p=" + base64::encode(octets);
    }
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key_->pkey.get(), &der);
    PH_ASSERT(size > 0);
    octets.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return "v=DKIM1; k=rsa; p=" + base64::encode(octets);
}

Result<std::string> DkimKey::sign(std::string_view data) const {
    // RFC 8463 §3: Ed25519 signs the hash, not the data.
    const bool rsa = algorithm_ == DkimAlgorithm::rsa_sha256;
    std::string hash;
    if (!rsa) {
        PH_TRY(hash, sha256(data));
        data = hash;
    }
    const DigestContext context(EVP_MD_CTX_new());
    std::size_t size = 0;
    const auto* octets = reinterpret_cast<const unsigned char*>(data.data());
    bool ok = context && EVP_DigestSignInit(context.get(), nullptr, rsa ? EVP_sha256() : nullptr,
                                            nullptr, key_->pkey.get()) == 1;
    ok = ok && EVP_DigestSign(context.get(), nullptr, &size, octets, data.size()) == 1;
    std::string signature(size, '\0');
    ok = ok && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                              &size, octets, data.size()) == 1;
    if (!ok) return fail(ErrorKind::io, "cannot sign: " + library_words());
    signature.resize(size);
    return signature;
}

}  // namespace posthaste::mail
