#include "net/tls_test_support.h"

#include "runtime/task_group.h"

#include <fcntl.h>

#include <openssl/err.h>

namespace posthaste::net::testing {

using namespace std::chrono_literals;

runtime::Task<void> serve(std::unique_ptr<Stream> stream, std::shared_ptr<TlsServerContext> context,
                          Outcome& outcome) {
    stream->expires_after(10s);
    auto done = co_await stream->start_tls(*context);
    outcome.ok = done.has_value();
    if (!done) outcome.error = done.error();
    outcome.failure.reset();
    if (stream->tls_failure() != nullptr) outcome.failure = *stream->tls_failure();
    if (done) {
        outcome.info = *stream->tls();
        outcome.binding = stream->channel_binding();
        static_cast<void>(co_await stream->write("220 inside\r\n"));
        static_cast<void>(co_await read_line(*stream, 1000));
    }
    co_await stream->close();
}

runtime::Task<std::pair<Outcome, Outcome>> meet(runtime::Worker& worker, Log& log,
                                                std::shared_ptr<TlsServerContext> server,
                                                std::shared_ptr<TlsClientContext> client,
                                                TlsClientPolicy policy) {
    auto pair = stream_pair(worker);
    std::pair<Outcome, Outcome> outcome;
    runtime::TaskGroup group(worker, log);
    group.spawn(serve(std::move(pair.first), server, outcome.first));
    auto& stream = *pair.second;
    stream.expires_after(10s);
    auto done = co_await stream.start_tls(*client, policy);
    outcome.second.ok = done.has_value();
    if (!done) outcome.second.error = done.error();
    if (done) {
        outcome.second.info = *stream.tls();
        outcome.second.binding = stream.channel_binding();
        auto banner = co_await read_line(stream, 1000);
        EXPECT_TRUE(banner && banner->text == "220 inside");
    }
    co_await stream.close();
    co_await group.wait_empty(Deadline::after(10s));
    co_await group.close();
    co_return outcome;
}

RawOutcome raw_client(FileDescriptor fd, const RawClient& client) {
    ::fcntl(fd.get(), F_SETFL, 0);
    detail::SslContextPtr context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), client.min_version);
    SSL_CTX_set_max_proto_version(context.get(), client.max_version);
    SSL_CTX_set_cipher_list(context.get(), client.ciphers);
    detail::SslPtr ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), fd.get());
    if (client.server_name != nullptr) SSL_set_tlsext_host_name(ssl.get(), client.server_name);
    RawOutcome outcome;
    ERR_clear_error();
    if (SSL_connect(ssl.get()) != 1) {
        outcome.reason = detail::take_tls_reason();
        return outcome;
    }
    outcome.ok = true;
    outcome.cipher = SSL_get_cipher_name(ssl.get());
    outcome.rsa = EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(ssl.get()))) ==
                  EVP_PKEY_RSA;
    outcome.leaf_name = detail::certificate_names(SSL_get0_peer_certificate(ssl.get())).front();
    char octets[64];
    SSL_read(ssl.get(), octets, sizeof octets);  // the banner; tickets would have come before it
    unsigned length = 0;
    SSL_SESSION_get_id(SSL_get0_session(ssl.get()), &length);
    outcome.session_id = length;
    outcome.ticket = SSL_SESSION_has_ticket(SSL_get0_session(ssl.get())) == 1;
    if (client.then) {
        client.then(ssl.get(), fd.get());
    } else {
        SSL_shutdown(ssl.get());
    }
    return outcome;
}

}  // namespace posthaste::net::testing
