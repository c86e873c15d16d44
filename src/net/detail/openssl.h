// Owners and error texts for OpenSSL's objects. For sources of net/ only.
#pragma once

#include "base/owned.h"
#include "base/result.h"
#include "base/time.h"
#include "net/tls.h"

#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace posthaste::net::detail {

using BioPtr = Owned<BIO, BIO_free_all>;
using X509Ptr = Owned<X509, X509_free>;
using KeyPtr = Owned<EVP_PKEY, EVP_PKEY_free>;
using SslPtr = Owned<SSL, SSL_free>;
using SslContextPtr = Owned<SSL_CTX, SSL_CTX_free>;

inline void free_chain(STACK_OF(X509) * chain) {
    sk_X509_pop_free(chain, X509_free);
}

using ChainPtr = Owned<STACK_OF(X509), free_chain>;

// The reason of the newest entry of this thread's error queue, which is emptied; "" when there is
// none.
std::string take_tls_reason();

// What both sides have in common: 1.2 and 1.3, no renegotiation, no compression, buffers given back
// when idle, partial writes. Null when memory is out.
SslContextPtr make_ssl_context(const SSL_METHOD* method);

// dNSName and iPAddress entries, in order; the common name when there is none.
std::vector<std::string> certificate_names(X509* certificate);
// "Let's Encrypt R11": organization and common name, what there is of them, printable.
std::string issuer_for_people(X509* certificate);
Timestamp certificate_time(const ASN1_TIME* time);

// A handshake to come, on a socket; the certificate and the policy are set.
Result<SslPtr> make_server_session(const TlsServerContext& context, int fd);
Result<SslPtr> make_client_session(const TlsClientContext& context, const TlsClientPolicy& policy,
                                   int fd);

// After the handshake, or in `failed` after it did not come about: what is known of it.
TlsInfo server_info(SSL* ssl);
void watch_client_hello(SSL* ssl, TlsFailure* into);  // null: no more; else it outlives the wait
TlsFailure::Cause failure_cause(unsigned long openssl_error);
TlsInfo client_info(SSL* ssl, const TlsClientPolicy& policy);
Error handshake_error(SSL* ssl, const TlsClientPolicy* policy);

}  // namespace posthaste::net::detail
