#include "base/ascii.h"
#include "base/mutex.h"
#include "net/detail/client_hello.h"
#include "net/detail/loaded_certificate.h"
#include "net/detail/name_counter.h"
#include "net/detail/openssl.h"
#include "net/tls.h"

#include <algorithm>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace posthaste::net {

namespace {

using detail::Loaded;
using detail::SslContextPtr;

constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

// 3DES only where OpenSSL was built with it, which Debian's is not.
constexpr const char* kOldCiphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:AESGCM:AES:3DES:!aNULL:!eNULL:!PSK:!SRP:!DSS";

struct FileState {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified = 0;  // nanoseconds

    bool operator==(const FileState&) const = default;
};

FileState state_of(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return {};
    return {
        found.st_dev, found.st_ino, found.st_size,
        static_cast<std::int64_t>(found.st_mtim.tv_sec) * 1'000'000'000 + found.st_mtim.tv_nsec};
}

// The certificates of one moment. Handshakes under way keep the contexts alive (SSL counts
// references).
struct Generation {
    struct Group {
        SslContextPtr context;
        std::vector<std::string> names;
        std::vector<X509*> leaves;  // owned by `context`
        bool has_rsa = false;
        bool has_other = false;
    };

    std::vector<Group> groups;  // the first is for everybody who asks for nothing known
    std::vector<TlsServerContext::Certificate> certificates;
    std::vector<Loaded> loaded;  // in the same order
    std::vector<FileState> files;
    std::uint64_t number = 0;
};

std::string plain_name(const char* asked) {
    return asked != nullptr ? detail::plain_server_name(asked) : std::string();
}

int take_no_notice(SSL*, int*, void*) {
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

struct TlsServerContext::Impl {
    Result<std::shared_ptr<const Generation>> build(
        const std::vector<CertificateFiles>& certificates);
    Result<void> add(Generation& generation, Loaded loaded);
    Result<SslContextPtr> make_context();
    std::shared_ptr<const Generation> current() const;
    void replace(std::shared_ptr<const Generation> generation);
    bool accepts(std::string_view protocol) const;

    static int on_alpn(SSL*, const unsigned char** out, unsigned char* out_length,
                       const unsigned char* in, unsigned in_length, void* self);
    static int on_server_name(SSL* ssl, int*, void* self);
    static int on_client_hello(SSL* ssl, int* alert, void* self);
    static int on_special_alpn(SSL*, const unsigned char** out, unsigned char* out_length,
                               const unsigned char*, unsigned, void* self);
    bool use_special(SSL* ssl, const std::string& name);

    Options options;  // but for the certificates, which may change
    detail::NameCounter uncovered;
    mutable Mutex mutex;
    std::shared_ptr<const Generation> generation PH_GUARDED_BY(mutex);
    Mutex reloading;  // one at a time
    std::vector<CertificateFiles> files PH_GUARDED_BY(reloading);
};

// Octets for another protocol must not be taken for mail: the certificate is the same as the web
// server's (ALPACA, threats.md S9). Mail programs offer no ALPN at all.
int TlsServerContext::Impl::on_alpn(SSL*, const unsigned char** out, unsigned char* out_length,
                                    const unsigned char* in, unsigned in_length, void* self) {
    const auto* impl = static_cast<const Impl*>(self);
    for (unsigned at = 0; at < in_length; at += in[at] + 1U) {
        std::string_view offered(reinterpret_cast<const char*>(in + at + 1), in[at]);
        if (!impl->accepts(offered)) continue;
        *out = in + at + 1;
        *out_length = in[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool TlsServerContext::Impl::accepts(std::string_view protocol) const {
    return std::ranges::find(options.alpn, protocol) != options.alpn.end();
}

int TlsServerContext::Impl::on_server_name(SSL* ssl, int*, void* self) {
    std::string name = plain_name(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    if (name.empty()) return SSL_TLSEXT_ERR_OK;
    auto generation = static_cast<const Impl*>(self)->current();
    for (const auto& group : generation->groups) {
        for (X509* leaf : group.leaves) {
            if (X509_check_host(leaf, name.data(), name.size(), 0, nullptr) != 1) continue;
            SSL_set_SSL_CTX(ssl, group.context.get());
            return SSL_TLSEXT_ERR_OK;
        }
    }
    static_cast<const Impl*>(self)->uncovered.add(name);
    return SSL_TLSEXT_ERR_OK;
}

bool TlsServerContext::Impl::use_special(SSL* ssl, const std::string& name) {
    auto pair = options.special.find(name);
    if (!pair) return false;
    auto chain = detail::parse_certificates(pair->chain_pem);
    auto key = detail::parse_key(pair->key_pem.reveal());
    auto context = detail::make_ssl_context(TLS_server_method());
    detail::X509Ptr leaf(sk_X509_shift(chain.get()));
    if (!context || !leaf || !key ||
        SSL_CTX_use_cert_and_key(context.get(), leaf.get(), key.get(), chain.get(), 1) != 1) {
        ERR_clear_error();
        return false;
    }
    SSL_CTX_set_alpn_select_cb(context.get(), on_special_alpn, this);
    SSL_CTX_set_tlsext_servername_callback(context.get(), take_no_notice);
    return SSL_set_SSL_CTX(ssl, context.get()) != nullptr;  // which keeps it
}

int TlsServerContext::Impl::on_special_alpn(SSL*, const unsigned char** out,
                                            unsigned char* out_length, const unsigned char*,
                                            unsigned, void* self) {
    const auto& protocol = static_cast<const Impl*>(self)->options.special.protocol;
    *out = reinterpret_cast<const unsigned char*>(protocol.data());
    *out_length = static_cast<unsigned char>(protocol.size());
    return SSL_TLSEXT_ERR_OK;
}

namespace {

std::string_view extension(SSL* ssl, unsigned type) {
    const unsigned char* octets = nullptr;
    std::size_t length = 0;
    if (SSL_client_hello_get0_ext(ssl, type, &octets, &length) != 1) return {};
    return {reinterpret_cast<const char*>(octets), length};
}

}  // namespace

// Before OpenSSL looks at anything: a client that is refused for its version is known by what it
// said, and the certificate can still depend on the ALPN.
int TlsServerContext::Impl::on_client_hello(SSL* ssl, int* alert, void* self) {
    const auto name = detail::hello_server_name(extension(ssl, TLSEXT_TYPE_server_name));
    if (auto* seen = static_cast<TlsFailure*>(SSL_get_app_data(ssl)); seen != nullptr) {
        seen->server_name = name;
        seen->newest_version =
            detail::offered_version(SSL_client_hello_get0_legacy_version(ssl),
                                    extension(ssl, TLSEXT_TYPE_supported_versions));
    }
    auto* impl = static_cast<Impl*>(self);
    const auto protocol =
        detail::only_protocol(extension(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation));
    if (protocol.empty() || protocol != impl->options.special.protocol)
        return SSL_CLIENT_HELLO_SUCCESS;
    if (!name.empty() && impl->use_special(ssl, name)) return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

Result<SslContextPtr> TlsServerContext::Impl::make_context() {
    auto context = detail::make_ssl_context(TLS_server_method());
    if (!context) return fail(ErrorKind::io, "TLS cannot be set up: " + detail::take_tls_reason());
    SSL_CTX_set_security_level(context.get(), options.old_devices ? 0 : 2);
    if (options.old_devices) SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET |
                                           SSL_OP_PRIORITIZE_CHACHA);
    // Microsoft's senders break off TLS 1.3 when a ticket comes at the wrong moment
    // (clients.md 3.2).
    SSL_CTX_set_num_tickets(context.get(), 0);
    // TLS 1.2 session ids must be issued, or Outlook fails; that needs the cache switched on, not
    // anything in it.
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    static constexpr unsigned char kSessionContext[] = "posthaste";
    SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext - 1);
    const char* ciphers = options.old_devices ? kOldCiphers : kCiphers;
    if (SSL_CTX_set_cipher_list(context.get(), ciphers) != 1) {
        return fail(ErrorKind::io, "TLS cannot be set up: " + detail::take_tls_reason());
    }
    SSL_CTX_set_alpn_select_cb(context.get(), on_alpn, this);
    SSL_CTX_set_tlsext_servername_callback(context.get(), on_server_name);
    SSL_CTX_set_tlsext_servername_arg(context.get(), this);
    SSL_CTX_set_client_hello_cb(context.get(), on_client_hello, this);
    return context;
}

Result<void> TlsServerContext::Impl::add(Generation& generation_of, Loaded loaded) {
    auto fits = [&](const Generation::Group& group) {
        if (loaded.rsa() ? group.has_rsa : group.has_other) return false;
        return std::ranges::any_of(loaded.facts.names, [&](const std::string& name) {
            return std::ranges::find(group.names, name) != group.names.end();
        });
    };
    auto group = std::ranges::find_if(generation_of.groups, fits);
    if (group == generation_of.groups.end()) {
        PH_TRY(auto context, make_context());
        generation_of.groups.push_back({std::move(context), {}, {}, false, false});
        group = std::prev(generation_of.groups.end());
    }
    if (SSL_CTX_use_cert_and_key(group->context.get(), loaded.leaf.get(), loaded.key.get(),
                                 loaded.chain.get(), 1) != 1) {
        return fail(ErrorKind::syntax,
                    "the certificate cannot be used: " + detail::take_tls_reason(),
                    "have it issued anew, for a key of RSA 2048 or ECDSA P-256");
    }
    group->leaves.push_back(loaded.leaf.get());
    (loaded.rsa() ? group->has_rsa : group->has_other) = true;
    group->names.insert(group->names.end(), loaded.facts.names.begin(), loaded.facts.names.end());
    generation_of.certificates.push_back(loaded.facts);
    generation_of.loaded.push_back(std::move(loaded));
    return {};
}

Result<std::shared_ptr<const Generation>> TlsServerContext::Impl::build(
    const std::vector<CertificateFiles>& certificates) {
    if (certificates.empty()) {
        return fail(ErrorKind::syntax, "no certificate is named",
                    "set tls.cert_file and tls.key_file");
    }
    static std::atomic<std::uint64_t> numbers{0};
    auto built = std::make_shared<Generation>();
    built->number = ++numbers;
    for (const auto& pair : certificates) {
        // Before reading: what changes in between is then seen at the next look.
        built->files.push_back(state_of(pair.cert_file));
        built->files.push_back(state_of(pair.key_file));
        PH_TRY(auto loaded, detail::load(pair));
        PH_CHECK(add(*built, std::move(loaded)));
    }
    return built;
}

std::shared_ptr<const Generation> TlsServerContext::Impl::current() const {
    MutexLock lock(mutex);
    return generation;
}

void TlsServerContext::Impl::replace(std::shared_ptr<const Generation> next) {
    MutexLock lock(mutex);
    generation.swap(next);
}

TlsServerContext::TlsServerContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsServerContext::~TlsServerContext() = default;

Result<std::shared_ptr<TlsServerContext>> TlsServerContext::make(Options options) {
    auto impl = std::make_unique<Impl>();
    auto files = std::move(options.certificates);
    impl->options = std::move(options);
    PH_TRY(auto generation, impl->build(files));
    impl->replace(std::move(generation));
    {
        MutexLock one(impl->reloading);
        impl->files = std::move(files);
    }
    return std::shared_ptr<TlsServerContext>(new TlsServerContext(std::move(impl)));
}

Result<bool> TlsServerContext::reload_if_changed() {
    MutexLock one(impl_->reloading);
    auto generation = impl_->current();
    std::vector<FileState> found;
    for (const auto& pair : impl_->files) {
        found.push_back(state_of(pair.cert_file));
        found.push_back(state_of(pair.key_file));
    }
    if (found == generation->files) return false;
    PH_TRY(auto next, impl_->build(impl_->files));
    impl_->replace(std::move(next));
    return true;
}

Result<void> TlsServerContext::replace_certificates(std::vector<CertificateFiles> certificates) {
    MutexLock one(impl_->reloading);
    PH_TRY(auto next, impl_->build(certificates));
    impl_->replace(std::move(next));
    impl_->files = std::move(certificates);
    return {};
}

std::vector<TlsServerContext::Uncovered> TlsServerContext::uncovered() const {
    return impl_->uncovered.list();
}

Result<TlsServerContext::Certificate> describe_certificate(const CertificateFiles& files) {
    PH_TRY(auto loaded, detail::load(files));
    return std::move(loaded.facts);
}

std::vector<TlsServerContext::Certificate> TlsServerContext::certificates() const {
    return impl_->current()->certificates;
}

Result<PemIdentity> TlsServerContext::identity(std::string_view name) const {
    const auto generation = impl_->current();
    const std::string asked(name);
    const Loaded* best = nullptr;
    for (const auto& loaded : generation->loaded) {
        if (X509_check_host(loaded.leaf.get(), asked.data(), asked.size(), 0, nullptr) != 1)
            continue;
        if (best == nullptr || (loaded.rsa() && !best->rsa())) best = &loaded;
    }
    return detail::to_pem(best != nullptr ? *best : generation->loaded.front());
}

std::uint64_t TlsServerContext::generation() const {
    return impl_->current()->number;
}

bool TlsServerContext::covers(std::string_view server_name) const {
    if (server_name.empty()) return false;
    auto generation = impl_->current();
    return std::ranges::any_of(generation->groups, [&](const Generation::Group& group) {
        return std::ranges::any_of(group.leaves, [&](X509* leaf) {
            return X509_check_host(leaf, server_name.data(), server_name.size(), 0, nullptr) == 1;
        });
    });
}

namespace detail {

void watch_client_hello(SSL* ssl, TlsFailure* into) {
    SSL_set_app_data(ssl, into);
}

// Alerts are what the client told us (RFC 8446 §6.2); the rest is what we found.
TlsFailure::Cause failure_cause(unsigned long openssl_error) {
    using enum TlsFailure::Cause;
    if (openssl_error == 0) return closed;
    if (ERR_GET_LIB(openssl_error) != ERR_LIB_SSL) return other;
    switch (ERR_GET_REASON(openssl_error)) {
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return old_version;
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
            return no_shared_cipher;
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            return unknown_authority;
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return certificate_expired;
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
        case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
        case SSL_R_TLSV1_ALERT_USER_CANCELLED:
            return bad_certificate;
        case SSL_R_NO_APPLICATION_PROTOCOL:
            return not_mail;
        case SSL_R_UNEXPECTED_EOF_WHILE_READING:
            return closed;
        default:
            return other;
    }
}

Result<SslPtr> make_server_session(const TlsServerContext& context, int fd) {
    ERR_clear_error();
    auto generation = context.impl().current();
    SslPtr ssl(SSL_new(generation->groups.front().context.get()));
    if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) {
        return fail(ErrorKind::tls, "TLS cannot be started: " + take_tls_reason());
    }
    SSL_set_accept_state(ssl.get());
    return ssl;
}

TlsInfo server_info(SSL* ssl) {
    TlsInfo info;
    info.version = SSL_get_version(ssl);
    info.cipher = SSL_get_cipher_name(ssl);
    info.server_name = plain_name(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    const unsigned char* agreed = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl, &agreed, &length);
    if (length > 0) info.alpn.assign(reinterpret_cast<const char*>(agreed), length);
    return info;
}

}  // namespace detail

}  // namespace posthaste::net
