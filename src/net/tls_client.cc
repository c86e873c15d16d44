#include "base/file.h"
#include "base/ip.h"
#include "net/detail/loaded_certificate.h"
#include "net/detail/openssl.h"
#include "net/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace posthaste::net {

namespace {

// Verified connections go to servers somebody vouches for; they get what our own server offers.
// Opportunistic TLS would only fall back to clear text, which is worse than an old cipher.
constexpr const char* kVerifiedCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kOpportunisticCiphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:DHE+AES:AESGCM:AES:!aNULL:!eNULL:!PSK:!SRP";

constexpr const char* kSmallCiphers = "ECDHE+AESGCM";
constexpr const char* kSmallGroups = "X25519:P-256";
// The post-quantum group is told, but its large share is sent only to who asks for it: some hosts
// hang at a ClientHello of two packets. OpenSSL before 3.5 does not know it and keeps its own list.
constexpr const char* kGroups = "X25519MLKEM768:*X25519:P-256:P-384:P-521";

constexpr const char* kOldDeviceCiphers = "AES:3DES:!aNULL:!eNULL";

Result<void> use_identity(SSL_CTX* context, const PemIdentity& identity) {
    auto chain = detail::parse_certificates(identity.chain_pem);
    auto key = detail::parse_key(identity.key_pem.reveal());
    if (sk_X509_num(chain.get()) == 0 || !key) {
        return fail(ErrorKind::syntax, "the client certificate or its key is not in PEM form",
                    "name the files that begin with -----BEGIN");
    }
    detail::X509Ptr leaf(sk_X509_shift(chain.get()));
    if (SSL_CTX_use_cert_and_key(context, leaf.get(), key.get(), chain.get(), 1) == 1) return {};
    return fail(ErrorKind::syntax,
                "the client certificate cannot be used: " + detail::take_tls_reason(),
                "name a certificate and a key that were issued together");
}

}  // namespace

struct TlsClientContext::Impl {
    detail::SslContextPtr context;
};

TlsClientContext::TlsClientContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsClientContext::~TlsClientContext() = default;

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::make(std::string ca_file,
                                                                 const PemIdentity* identity) {
    auto impl = std::make_unique<Impl>();
    impl->context = detail::make_ssl_context(TLS_client_method());
    if (!impl->context) {
        return fail(ErrorKind::io, "TLS cannot be set up: " + detail::take_tls_reason());
    }
    SSL_CTX* context = impl->context.get();
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    if (SSL_CTX_set1_groups_list(context, kGroups) != 1) ERR_clear_error();
    if (SSL_CTX_dane_enable(context) != 1) {
        return fail(ErrorKind::io, "TLS cannot be set up: " + detail::take_tls_reason());
    }
    if (ca_file.empty()) {
        // Not set_default_verify_paths: it adds the folder a second time as an OSSL_STORE, which
        // reads the whole folder for each certificate whose issuer is not known.
        SSL_CTX_set_default_verify_file(context);
        SSL_CTX_set_default_verify_dir(context);
    } else if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1) {
        auto reason = detail::take_tls_reason();
        if (auto readable = read_file(ca_file, 16 << 20); !readable) {
            return std::unexpected(std::move(readable).error());
        }
        return fail(ErrorKind::syntax, ca_file + " holds no certificate in PEM form: " + reason,
                    "name the file with the authority's certificate");
    }
    if (identity != nullptr) {
        PH_CHECK(use_identity(context, *identity));
    }
    return std::shared_ptr<TlsClientContext>(new TlsClientContext(std::move(impl)));
}

namespace detail {

namespace {

std::string without_final_dot(std::string name) {
    if (name.ends_with('.')) name.pop_back();
    return name;
}

bool set_name(SSL* ssl, const std::string& name) {
    if (name.empty()) return true;
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl);
    if (IpAddress::parse(name)) return X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) == 1;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, name.data(), name.size()) == 1 &&
           SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

// OpenSSL's own verifier (RFC 7671): usage 3 without names and dates, usage 2 with both.
bool set_dane(SSL* ssl, const TlsDane& dane) {
    const std::string base = without_final_dot(dane.base);
    if (SSL_dane_enable(ssl, base.c_str()) != 1) return false;
    SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    for (const auto& name : dane.more_names) {
        if (SSL_add1_host(ssl, without_final_dot(name).c_str()) != 1) return false;
    }
    int added = 0;
    for (const TlsaRecord& record : dane.records) {
        const int result = SSL_dane_tlsa_add(
            ssl, record.usage, record.selector, record.matching,
            reinterpret_cast<const unsigned char*>(record.data.data()), record.data.size());
        if (result < 0) return false;
        added += result;
    }
    // Without a record OpenSSL would ask the authorities instead.
    return added > 0;
}

bool set_alpn(SSL* ssl, const std::vector<std::string>& protocols) {
    std::string wire;
    for (const auto& protocol : protocols) {
        wire += static_cast<char>(protocol.size());
        wire += protocol;
    }
    if (wire.empty()) return true;
    return SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(wire.data()),
                               static_cast<unsigned>(wire.size())) == 0;
}

// At most a few of them, for a sentence.
std::string names_in_sentence(X509* certificate) {
    constexpr std::size_t kAtMost = 4;
    auto names = certificate_names(certificate);
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < kAtMost; ++i) {
        text += (i > 0 ? ", " : "") + names[i].substr(0, 80);
    }
    if (names.size() > kAtMost) text += ", ...";
    return text.empty() ? "no name at all" : text;
}

std::string issuer_of(X509* certificate) {
    char name[120] = "";
    X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, name, sizeof name);
    return name;
}

// When verification ends a handshake, OpenSSL forgets the certificate that it was about; it is kept
// here.
int refused_certificate_index() {
    static const int index =
        SSL_get_ex_new_index(0, nullptr, nullptr, nullptr,
                             [](void*, void* certificate, CRYPTO_EX_DATA*, int, long, void*) {
                                 X509_free(static_cast<X509*>(certificate));
                             });
    return index;
}

int keep_refused_certificate(int good, X509_STORE_CTX* store) {
    if (good == 1) return 1;
    auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    X509* leaf = X509_STORE_CTX_get0_cert(store);
    if (leaf == nullptr || SSL_get_ex_data(ssl, refused_certificate_index()) != nullptr)
        return good;
    if (X509_up_ref(leaf) == 1) SSL_set_ex_data(ssl, refused_certificate_index(), leaf);
    return good;
}

X509Ptr peer_certificate(SSL* ssl) {
    X509Ptr certificate(SSL_get1_peer_certificate(ssl));
    if (certificate) return certificate;
    auto* refused = static_cast<X509*>(SSL_get_ex_data(ssl, refused_certificate_index()));
    if (refused != nullptr && X509_up_ref(refused) == 1) certificate.reset(refused);
    return certificate;
}

struct Finding {
    std::string text;
    std::string mend;
    CertificateFault fault = CertificateFault::none;
};

// Why the peer's certificate does not verify, in words.
Finding finding_of(SSL* ssl, const TlsClientPolicy& policy) {
    long result = SSL_get_verify_result(ssl);
    auto certificate = peer_certificate(ssl);
    if (!certificate || result == X509_V_OK) return {};
    const std::string& name = policy.server_name;
    switch (result) {
        case X509_V_ERR_DANE_NO_MATCH:
            return {fmt::format("the certificate matches none of the {} TLSA records of {}",
                                policy.dane ? policy.dane->records.size() : 0,
                                policy.dane ? policy.dane->base : name),
                    "the other side must mend its TLSA records or its certificate",
                    CertificateFault::dane};
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return {fmt::format("the certificate is for {}, not for {}",
                                names_in_sentence(certificate.get()), name),
                    "use a name that is in the certificate", CertificateFault::name};
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return {"the certificate, or one above it, has expired; it ran until " +
                        format_iso8601(certificate_time(X509_get0_notAfter(certificate.get()))),
                    "the other side must renew it; check the clock of this machine too",
                    CertificateFault::date};
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return {"the certificate is not valid yet; it runs from " +
                        format_iso8601(certificate_time(X509_get0_notBefore(certificate.get()))),
                    "check the clock of this machine", CertificateFault::date};
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return {"the certificate is signed by itself, by no authority",
                    "if it is meant to be so, name the certificate in ca_file",
                    CertificateFault::untrusted};
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return {fmt::format(
                        "the certificate comes from \"{}\", an authority that is not trusted here",
                        issuer_of(certificate.get())),
                    "name the authority's certificate in ca_file, or install ca-certificates",
                    CertificateFault::untrusted};
        default:
            return {fmt::format("the certificate is not accepted: {}",
                                X509_verify_cert_error_string(result)),
                    "the other side must have another one issued", CertificateFault::untrusted};
    }
}

// The reasons people meet, in words; the others as OpenSSL says them.
Finding finding_of_alert(unsigned long code, const TlsClientPolicy* policy) {
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) return {};
    switch (ERR_GET_REASON(code)) {
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST:
            return {"the other side does not speak TLS here",
                    "STARTTLS and TLS from the start are different settings: try the other one"};
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            // An alert is the other side's refusal of what we offered (RFC 8446 §6.2).
            if (policy != nullptr && policy->old_device)
                return {"the other side refuses TLS 1.0, and this offered nothing newer",
                        "an old device needs a port that takes old TLS ([legacy] listen); a "
                        "program of today speaks TLS 1.2 or newer by itself"};
            return {"the other side refuses TLS 1.2 and 1.3", "it must be updated"};
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
            return {"the other side knows only TLS versions before 1.2", "it must be updated"};
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            return {"no cipher that both sides accept", "the other side must be updated"};
        case SSL_R_NO_APPLICATION_PROTOCOL:
        case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
            return {"the other side wants to speak another protocol than mail", {}};
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
            return {"the other side does not trust our certificate",
                    "give it one of a public authority, or let it trust ours"};
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return {"the other side says that our certificate has expired",
                    "check until when it runs, and the clock of the other side"};
        case SSL_R_UNEXPECTED_EOF_WHILE_READING:
            return {"the other side closed the connection during the TLS handshake", {}};
        default:
            return {};
    }
}

}  // namespace

Result<SslPtr> make_client_session(const TlsClientContext& context, const TlsClientPolicy& policy,
                                   int fd) {
    ERR_clear_error();
    SslPtr ssl(SSL_new(context.impl().context.get()));
    const bool verify = policy.verify || policy.dane;
    const bool strict = policy.verify && !policy.dane && !policy.old_ciphers;
    bool made =
        ssl && SSL_set_fd(ssl.get(), fd) == 1 &&
        SSL_set_cipher_list(ssl.get(), strict ? kVerifiedCiphers : kOpportunisticCiphers) == 1 &&
        (policy.dane ? set_dane(ssl.get(), *policy.dane)
                     : set_name(ssl.get(), without_final_dot(policy.server_name))) &&
        set_alpn(ssl.get(), policy.alpn);
    if (!made) return fail(ErrorKind::tls, "TLS cannot be started: " + take_tls_reason());
    SSL_set_security_level(ssl.get(), strict ? 2 : 1);
    if (policy.old_versions && !verify) {
        SSL_set_security_level(ssl.get(), 0);  // they sign with SHA-1
        SSL_set_min_proto_version(ssl.get(), TLS1_VERSION);
    }
    if (policy.small_hello) {
        SSL_set_cipher_list(ssl.get(), kSmallCiphers);
        SSL_set1_groups_list(ssl.get(), kSmallGroups);
    }
    if (policy.old_device) {
        SSL_set_security_level(ssl.get(), 0);
        SSL_set_min_proto_version(ssl.get(), TLS1_VERSION);
        SSL_set_max_proto_version(ssl.get(), TLS1_VERSION);
        SSL_set_cipher_list(ssl.get(), kOldDeviceCiphers);
    }
    SSL_set_verify(ssl.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                   verify ? keep_refused_certificate : nullptr);
    SSL_set_connect_state(ssl.get());
    return ssl;
}

namespace {

// After a handshake by DANE: the TLSA record that held, as text; "" when none did.
std::string matched_record(SSL* ssl) {
    if (SSL_get0_dane_authority(ssl, nullptr, nullptr) < 0) return {};
    TlsaRecord record;
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    if (SSL_get0_dane_tlsa(ssl, &record.usage, &record.selector, &record.matching, &data, &size) <
        0)
        return {};
    record.data.assign(reinterpret_cast<const char*>(data), size);
    return to_string(record);
}

}  // namespace

TlsInfo client_info(SSL* ssl, const TlsClientPolicy& policy) {
    TlsInfo info;
    info.version = SSL_get_version(ssl);
    info.cipher = SSL_get_cipher_name(ssl);
    info.server_name = without_final_dot(policy.dane ? policy.dane->base : policy.server_name);
    const Finding finding = finding_of(ssl, policy);
    info.peer_error = finding.text;
    info.peer_fault = finding.fault;
    if (const char* name = SSL_get0_peername(ssl); name != nullptr) info.matched_name = name;
    if (policy.dane) {
        info.matched_record = matched_record(ssl);
        if (info.peer_error.empty() && info.matched_record.empty())
            info.peer_error = "the certificate matches no TLSA record";
        if (info.matched_record.starts_with('3')) info.matched_name.clear();
    } else if (info.peer_error.empty() && info.server_name.empty()) {
        info.peer_error = "no name was given to compare the certificate with";
    }
    info.verified = info.peer_error.empty();
    return info;
}

Error handshake_error(SSL* ssl, const TlsClientPolicy* policy) {
    unsigned long code = ERR_peek_last_error();
    Finding finding;
    if (policy != nullptr && (policy->verify || policy->dane)) finding = finding_of(ssl, *policy);
    if (finding.text.empty()) finding = finding_of_alert(code, policy);
    if (policy != nullptr && policy->fault != nullptr) *policy->fault = finding.fault;
    std::string reason = take_tls_reason();
    if (finding.text.empty()) {
        finding.text = "the TLS handshake failed: " +
                       (reason.empty() ? "the other side closed the connection" : reason);
    }
    return {ErrorKind::tls, std::move(finding.text), std::move(finding.mend)};
}

}  // namespace detail

}  // namespace posthaste::net
