#include "acme/keys.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/random.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace posthaste::acme {

namespace {

void free_extensions(STACK_OF(X509_EXTENSION) * list) {
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

using Bio = Owned<BIO, BIO_free_all>;
using Number = Owned<BIGNUM, BN_free>;
using Certificate = Owned<X509, X509_free>;
using Request = Owned<X509_REQ, X509_REQ_free>;
using Names = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using Extensions = Owned<STACK_OF(X509_EXTENSION), free_extensions>;
using Extension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using Octets = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using Object = Owned<ASN1_OBJECT, ASN1_OBJECT_free>;
using Digest = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using Signature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

constexpr std::size_t kCoordinate = 32;  // P-256
constexpr std::size_t kFileAtMost = 64 << 10;
constexpr int kChainAtMost = 20;
constexpr int kDay = 24 * 60 * 60;
constexpr const char* kAcmeIdentifier = "1.3.6.1.5.5.7.1.31";  // RFC 8737 §6.1

// The library's default would ask on the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
    return -1;
}

std::unexpected<Error> failed(std::string_view what) {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    ERR_clear_error();
    return fail(ErrorKind::io, fmt::format("{}{}{}", what, reason == nullptr ? "" : ": ",
                                           reason == nullptr ? "" : reason));
}

Bio reading(std::string_view text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(std::min(text.size(), kFileAtMost))));
}

std::string content_of(BIO* bio) {
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(length)};
}

std::string coordinate(EVP_PKEY* key, const char* which) {
    BIGNUM* raw = nullptr;
    EVP_PKEY_get_bn_param(key, which, &raw);
    Number number(raw);
    std::array<unsigned char, kCoordinate> octets{};
    if (number) BN_bn2binpad(number.get(), octets.data(), static_cast<int>(octets.size()));
    return base64::encode_url({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

// What may stand in a certificate: letters, digits, '-', '_' and dots.
bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_';
    });
}

Names alternatives(const std::vector<std::string>& names) {
    Names list(GENERAL_NAMES_new());
    for (const auto& name : names) {
        GENERAL_NAME* entry = GENERAL_NAME_new();
        ASN1_IA5STRING* text = ASN1_IA5STRING_new();
        ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
        GENERAL_NAME_set0_value(entry, GEN_DNS, text);
        sk_GENERAL_NAME_push(list.get(), entry);
    }
    return list;
}

bool add_acme_identifier(X509* certificate, std::string_view digest) {
    // The value is an OCTET STRING inside the extension's own (RFC 8737 §3).
    std::string inner = {0x04, static_cast<char>(digest.size())};
    inner += digest;
    Octets value(ASN1_OCTET_STRING_new());
    Object object(OBJ_txt2obj(kAcmeIdentifier, 1));
    if (!value || !object ||
        ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>(inner.data()),
                              static_cast<int>(inner.size())) != 1)
        return false;
    Extension extension(X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 1, value.get()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Result<std::string> certificate_pem(X509* certificate) {
    Bio bio(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(bio.get(), certificate) != 1)
        return failed("a certificate cannot be written");
    return content_of(bio.get());
}

Timestamp time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return Timestamp(Seconds(timegm(&parts)));
}

std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    Names list(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(list.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
        if (name->type != GEN_DNS) continue;
        names.push_back(
            ascii::to_lower({reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                             static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
    }
    return names;
}

}  // namespace

std::string sha256(std::string_view octets) {
    std::string digest(32, '\0');
    unsigned length = 0;
    EVP_Digest(octets.data(), octets.size(), reinterpret_cast<unsigned char*>(digest.data()),
               &length, EVP_sha256(), nullptr);
    return digest;
}

Result<Key> Key::generate() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    if (key == nullptr) return failed("a key cannot be made");
    return Key(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

Result<Key> Key::parse(std::string_view pem) {
    auto bio = reading(pem);
    std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr),
                                  EVP_PKEY_free);
    ERR_clear_error();
    if (!key) return fail(ErrorKind::syntax, "it holds no private key in PEM form");
    char group[32] = {};
    std::size_t length = 0;
    const bool p256 = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC &&
                      EVP_PKEY_get_group_name(key.get(), group, sizeof group, &length) == 1 &&
                      std::string_view(group, length) == "prime256v1";
    ERR_clear_error();
    if (!p256) return fail(ErrorKind::unsupported, "its key is not ECDSA on P-256");
    return Key(std::move(key));
}

Result<Key> Key::load_or_make(const std::string& path) {
    auto pem = read_file(path, kFileAtMost);
    if (pem) {
        auto key = parse(*pem);
        OPENSSL_cleanse(pem->data(), pem->size());
        if (key) return key;
        return fail(key.error().kind, fmt::format("{}: {}", path, key.error().text),
                    "put the right file back, or move this one away and a new key is made");
    }
    if (pem.error().kind != ErrorKind::not_found) return std::unexpected(std::move(pem).error());
    PH_TRY(auto key, generate());
    PH_CHECK(write_file_durably(path, key.pem().reveal(), 0600));
    return key;
}

Secret Key::pem() const {
    Bio bio(BIO_new(BIO_s_secmem()));
    PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return Secret(content_of(bio.get()));
}

std::string Key::jwk() const {
    // In the order of RFC 7638 §3.2, so that the thumbprint is the digest of this text.
    return fmt::format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}})",
                       coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X),
                       coordinate(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y));
}

std::string Key::thumbprint() const {
    return base64::encode_url(sha256(jwk()));
}

Result<std::string> Key::sign(std::string_view text) const {
    Digest context(EVP_MD_CTX_new());
    const auto* octets = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t length = 0;
    if (!context ||
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &length, octets, text.size()) != 1)
        return failed("a request cannot be signed");
    std::string der(length, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &length, octets,
                       text.size()) != 1)
        return failed("a request cannot be signed");
    // JWS wants the two numbers side by side (RFC 7518 §3.4), OpenSSL gives a SEQUENCE.
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    Signature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)));
    std::array<unsigned char, 2 * kCoordinate> both{};
    if (!signature ||
        BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), both.data(), kCoordinate) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), both.data() + kCoordinate, kCoordinate) < 0)
        return failed("a request cannot be signed");
    return std::string(reinterpret_cast<const char*>(both.data()), both.size());
}

Result<std::string> make_request(const Key& key, const std::vector<std::string>& names) {
    if (names.empty() || !std::ranges::all_of(names, is_name))
        return fail(ErrorKind::syntax, "a certificate is for host names");
    Request request(X509_REQ_new());
    Extensions extensions(sk_X509_EXTENSION_new_null());
    auto list = alternatives(names);
    const bool made = request && extensions && X509_REQ_set_version(request.get(), 0) == 1 &&
                      X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                      sk_X509_EXTENSION_push(extensions.get(), X509V3_EXT_i2d(NID_subject_alt_name,
                                                                              0, list.get())) > 0 &&
                      X509_REQ_add_extensions(request.get(), extensions.get()) == 1 &&
                      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0;
    if (!made) return failed("a request for a certificate cannot be made");
    unsigned char* der = nullptr;
    const int length = i2d_X509_REQ(request.get(), &der);
    if (length <= 0) return failed("a request for a certificate cannot be made");
    std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
    OPENSSL_free(der);
    return text;
}

Result<net::PemIdentity> make_challenge_certificate(const std::string& name,
                                                    std::string_view key_authorization) {
    if (!is_name(name)) return fail(ErrorKind::syntax, "a certificate is for host names");
    PH_TRY(auto key, Key::generate());
    Certificate certificate(X509_new());
    auto list = alternatives({name});
    std::time_t wall = std::time(nullptr);
    const bool made =
        certificate && X509_set_version(certificate.get(), 2) == 1 &&
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()),
                                random_below(std::uint64_t{1} << 62) + 1) == 1 &&
        X509_time_adj_ex(X509_getm_notBefore(certificate.get()), -1, 0, &wall) != nullptr &&
        X509_time_adj_ex(X509_getm_notAfter(certificate.get()), 0, kDay, &wall) != nullptr &&
        X509_set_pubkey(certificate.get(), key.get()) == 1 &&
        X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, list.get(), 1, 0) == 1 &&
        add_acme_identifier(certificate.get(), sha256(key_authorization)) &&
        X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
    if (!made) return failed("the answer to a challenge cannot be made");
    PH_TRY(auto pem, certificate_pem(certificate.get()));
    return net::PemIdentity{std::move(pem), key.pem()};
}

Result<Issued> read_chain(std::string_view pem, const Key& key) {
    Bio bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), 1 << 20))));
    Certificate leaf(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    if (!leaf) return fail(ErrorKind::syntax, "it holds no certificate in PEM form");
    int count = 1;
    while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
        X509_free(next);
        if (++count > kChainAtMost) return fail(ErrorKind::syntax, "its chain is too long");
    }
    ERR_clear_error();  // the end of the text
    const bool ours = X509_check_private_key(leaf.get(), key.get()) == 1;
    ERR_clear_error();
    if (!ours) return fail(ErrorKind::syntax, "its certificate is for another key");
    return Issued{time_of(X509_get0_notBefore(leaf.get())), time_of(X509_get0_notAfter(leaf.get())),
                  names_of(leaf.get())};
}

}  // namespace posthaste::acme
