#include "base/file.h"
#include "base/ip.h"
#include "base/random.h"
#include "net/detail/openssl.h"
#include "net/tls.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <sys/stat.h>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace posthaste::net {

namespace {

using detail::BioPtr;
using detail::KeyPtr;
using detail::X509Ptr;

using Extension = Owned<X509_EXTENSION, X509_EXTENSION_free>;

constexpr int kDay = 24 * 60 * 60;
// People install the CA once; ten years of a wrong clock, in either direction, must not cost them
// their trust.
constexpr int kCaDaysBefore = 3653;
constexpr int kCaDaysAfter = 2 * 3653;
constexpr int kLeafDays = 365;  // Apple's programs refuse more than 825
constexpr int kRenewDays = 30;
constexpr std::size_t kFileAtMost = 1 << 20;

struct Pair {
    X509Ptr certificate;
    KeyPtr key;
};

Error openssl_failed(std::string_view what) {
    return {ErrorKind::io, fmt::format("{}: {}", what, detail::take_tls_reason()), {}};
}

std::string certificate_pem(X509* certificate) {
    BioPtr bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    char* data = nullptr;
    auto length = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(length)};
}

Result<void> write_key(const std::string& path, EVP_PKEY* key) {
    BioPtr bio(BIO_new(BIO_s_secmem()));
    if (PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return std::unexpected(openssl_failed("cannot write a key"));
    }
    char* data = nullptr;
    auto length = BIO_get_mem_data(bio.get(), &data);
    return write_file_durably(path, {data, static_cast<std::size_t>(length)}, 0600);
}

// Null when it is not there or not readable as what it should be: it is then made anew.
Pair read_pair(const std::string& cert_path, const std::string& key_path) {
    auto cert_pem = read_file(cert_path, kFileAtMost);
    auto key_pem = read_file(key_path, kFileAtMost);
    Pair pair;
    if (cert_pem && key_pem) {
        BioPtr cert_bio(BIO_new_mem_buf(cert_pem->data(), static_cast<int>(cert_pem->size())));
        BioPtr key_bio(BIO_new_mem_buf(key_pem->data(), static_cast<int>(key_pem->size())));
        pair.certificate.reset(PEM_read_bio_X509(cert_bio.get(), nullptr, nullptr, nullptr));
        pair.key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
    }
    if (key_pem) OPENSSL_cleanse(key_pem->data(), key_pem->size());
    bool good = pair.certificate && pair.key &&
                X509_check_private_key(pair.certificate.get(), pair.key.get()) == 1;
    ERR_clear_error();
    if (!good) return {};
    return pair;
}

bool runs_for(X509* certificate, int days) {
    std::time_t wall = std::time(nullptr);
    std::time_t until = wall + static_cast<std::time_t>(days) * kDay;
    return X509_cmp_time(X509_get0_notBefore(certificate), &wall) < 0 &&
           X509_cmp_time(X509_get0_notAfter(certificate), &until) > 0;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
    std::array<std::uint8_t, 16> octets;
    fill_random(octets);
    octets[0] = (octets[0] & 0x3f) | 0x40;  // positive and of one length (RFC 5280 §4.1.2.2)
    Owned<BIGNUM, BN_free> number(
        BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
    return number &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate, const std::string& common_name) {
    X509_NAME* subject = X509_get_subject_name(certificate);
    // ub-common-name is 64 (RFC 5280 appendix A); names are compared by the alternatives, not by
    // this.
    std::string name = common_name.substr(0, 64);
    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(name.data()),
                                      static_cast<int>(name.size()), -1, 0) == 1;
}

struct Request {
    std::string common_name;
    int days_before = 1;  // clocks of clients that are behind
    int days_after = 0;
    EVP_PKEY* key = nullptr;
    const Pair* issuer = nullptr;  // null: by itself
    std::vector<std::pair<int, std::string>> extensions;
};

Result<X509Ptr> issue(const Request& request) {
    X509Ptr certificate(X509_new());
    X509* issuer =
        request.issuer != nullptr ? request.issuer->certificate.get() : certificate.get();
    EVP_PKEY* signing = request.issuer != nullptr ? request.issuer->key.get() : request.key;
    std::time_t wall = std::time(nullptr);
    bool made =
        certificate && X509_set_version(certificate.get(), 2) == 1 &&
        set_serial(certificate.get()) && set_subject(certificate.get(), request.common_name) &&
        X509_time_adj_ex(X509_getm_notBefore(certificate.get()), -request.days_before, 0, &wall) !=
            nullptr &&
        X509_time_adj_ex(X509_getm_notAfter(certificate.get()), request.days_after, 0, &wall) !=
            nullptr &&
        X509_set_pubkey(certificate.get(), request.key) == 1 &&
        X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1;
    for (const auto& [nid, value] : request.extensions) {
        made = made && add_extension(certificate.get(), issuer, nid, value);
    }
    if (!made || X509_sign(certificate.get(), signing, EVP_sha256()) == 0) {
        return std::unexpected(openssl_failed("cannot make a certificate"));
    }
    return certificate;
}

Result<Pair> ensure_ca(const std::string& folder, const std::string& name) {
    std::string cert_path = folder + "/ca.pem";
    std::string key_path = folder + "/ca-key.pem";
    Pair ca = read_pair(cert_path, key_path);
    if (ca.certificate && runs_for(ca.certificate.get(), kRenewDays)) return ca;
    ca.key.reset(EVP_EC_gen("P-256"));
    if (!ca.key) return std::unexpected(openssl_failed("cannot make a key"));
    Request request{.common_name = "Posthaste CA of " + name,
                    .days_before = kCaDaysBefore,
                    .days_after = kCaDaysAfter,
                    .key = ca.key.get(),
                    .issuer = nullptr,
                    .extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                   {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                   {NID_subject_key_identifier, "hash"}}};
    PH_TRY(ca.certificate, issue(request));
    // The key first: a certificate whose key is missing is made anew, and nobody has trusted it
    // yet.
    PH_CHECK(write_key(key_path, ca.key.get()));
    PH_CHECK(write_file_durably(cert_path, certificate_pem(ca.certificate.get()), 0644));
    return ca;
}

std::string alternatives(const std::vector<std::string>& names) {
    std::string value;
    for (const auto& name : names) {
        if (!value.empty()) value += ',';
        value += (IpAddress::parse(name) ? "IP:" : "DNS:") + name;
    }
    return value;
}

bool is_good_leaf(const Pair& leaf, const Pair& ca, const std::vector<std::string>& names) {
    if (!leaf.certificate || !runs_for(leaf.certificate.get(), kRenewDays)) return false;
    bool ours = X509_verify(leaf.certificate.get(), ca.key.get()) == 1;
    ERR_clear_error();
    return ours && detail::certificate_names(leaf.certificate.get()) == names;
}

Result<void> ensure_leaf(const CertificateFiles& files, const Pair& ca,
                         const std::vector<std::string>& names, bool rsa) {
    Pair leaf = read_pair(files.cert_file, files.key_file);
    if (is_good_leaf(leaf, ca, names)) return {};
    leaf.key.reset(rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
    if (!leaf.key) return std::unexpected(openssl_failed("cannot make a key"));
    std::string usage =
        rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
    Request request{.common_name = names.front(),
                    .days_before = 1,
                    .days_after = kLeafDays,
                    .key = leaf.key.get(),
                    .issuer = &ca,
                    .extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                                   {NID_key_usage, usage},
                                   {NID_ext_key_usage, "serverAuth"},
                                   {NID_subject_key_identifier, "hash"},
                                   {NID_authority_key_identifier, "keyid"},
                                   {NID_subject_alt_name, alternatives(names)}}};
    PH_TRY(leaf.certificate, issue(request));
    PH_CHECK(write_key(files.key_file, leaf.key.get()));
    return write_file_durably(
        files.cert_file,
        certificate_pem(leaf.certificate.get()) + certificate_pem(ca.certificate.get()), 0644);
}

// What goes into a comma-separated list of OpenSSL's must not hold a comma, or more than a name.
bool is_name(const std::string& name) {
    if (IpAddress::parse(name)) return true;
    return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_' || c == '*';
    });
}

}  // namespace

Result<std::vector<CertificateFiles>> ensure_own_certificates(
    const std::string& folder, const std::vector<std::string>& names) {
    if (names.empty() || !std::ranges::all_of(names, is_name)) {
        return fail(ErrorKind::syntax, "a certificate needs host names or IP addresses",
                    "set hostname to the server's full name, such as mail.example.com");
    }
    std::vector<std::string> wanted;
    for (const auto& name : names) {
        auto address = IpAddress::parse(name);
        wanted.push_back(address ? address->to_string() : name);
    }
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return std::unexpected(system_error(errno, "cannot make the folder " + folder));
    }
    PH_TRY(auto ca, ensure_ca(folder, wanted.front()));
    std::vector<CertificateFiles> files{{folder + "/ecdsa.pem", folder + "/ecdsa-key.pem"},
                                        {folder + "/rsa.pem", folder + "/rsa-key.pem"}};
    PH_CHECK(ensure_leaf(files[0], ca, wanted, false));
    PH_CHECK(ensure_leaf(files[1], ca, wanted, true));
    return files;
}

}  // namespace posthaste::net
