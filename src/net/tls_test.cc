#include "net/tls.h"

#include "net/detail/openssl.h"
#include "net/test_support.h"
#include "runtime/task_group.h"

#include <fcntl.h>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace posthaste::net {
namespace {

using namespace std::chrono_literals;
using runtime::Task;
using testing::Certificates;

// What came of one side of a handshake: "TLSv1.3 …" or the kind and text of the error.
struct Outcome {
    bool ok = false;
    TlsInfo info;
    Error error;
    std::optional<TlsFailure> failure;
    std::string binding;
};

Task<void> serve(std::unique_ptr<Stream> stream, std::shared_ptr<TlsServerContext> context,
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

Task<std::pair<Outcome, Outcome>> meet(runtime::Worker& worker, Log& log,
                                       std::shared_ptr<TlsServerContext> server,
                                       std::shared_ptr<TlsClientContext> client,
                                       TlsClientPolicy policy) {
    auto pair = testing::stream_pair(worker);
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

class TlsTest : public ::testing::Test {
  protected:
    TlsTest() { testing::ignore_sigpipe(); }

    std::pair<Outcome, Outcome> handshake(TlsClientPolicy policy) {
        const auto& certificates = Certificates::get();
        return *runtime::run_to_end(
            worker_, log_,
            meet(worker_, log_, certificates.server, certificates.client, std::move(policy)));
    }

    Log log_{{}};
    runtime::Worker worker_{"test"};
};

TEST_F(TlsTest, VerifiedByNameAndByAddress) {
    auto [server, client] = handshake({.server_name = "MAIL.test", .verify = true, .alpn = {}});
    ASSERT_TRUE(server.ok && client.ok) << client.error.text;
    EXPECT_EQ(server.info.version, "TLSv1.3");
    EXPECT_EQ(server.info.server_name, "mail.test");
    EXPECT_TRUE(client.info.verified);
    auto by_address = handshake({.server_name = "127.0.0.1", .verify = true, .alpn = {"smtp"}});
    EXPECT_TRUE(by_address.second.ok) << by_address.second.error.text;
    EXPECT_EQ(by_address.first.info.server_name, "");
    auto with_dot = handshake({.server_name = "mail.test.", .verify = true, .alpn = {}});
    EXPECT_TRUE(with_dot.second.ok) << with_dot.second.error.text;
}

TEST_F(TlsTest, BothEndsKnowTheirChannelAndNobodyElse) {
    auto [server, client] = handshake({.server_name = "mail.test", .verify = true, .alpn = {}});
    ASSERT_TRUE(server.ok && client.ok) << client.error.text;
    EXPECT_EQ(server.binding.size(), 32u);
    EXPECT_EQ(server.binding, client.binding);
    auto other = handshake({.server_name = "mail.test", .verify = true, .alpn = {}});
    EXPECT_NE(other.second.binding, client.binding);
}

TEST_F(TlsTest, AClientCertificateMustFitItsKey) {
    const auto& certificates = Certificates::get();
    const auto text = [&](const std::string& file) { return *read_file(file, 1 << 20); };
    const auto& [cert, key] = certificates.files[0];
    const PemIdentity good{text(cert), Secret(text(key))};
    EXPECT_TRUE(TlsClientContext::make("", &good));
    const PemIdentity mixed{text(cert), Secret(text(certificates.files[1].key_file))};
    EXPECT_EQ(TlsClientContext::make("", &mixed).error().kind, ErrorKind::syntax);
    const PemIdentity none{"", Secret()};
    EXPECT_EQ(TlsClientContext::make("", &none).error().kind, ErrorKind::syntax);
}

TEST_F(TlsTest, AWrongNameIsRefusedAndNamed) {
    auto [server, client] = handshake({.server_name = "smtp.example", .verify = true, .alpn = {}});
    EXPECT_FALSE(server.ok);
    ASSERT_FALSE(client.ok);
    EXPECT_EQ(client.error.kind, ErrorKind::tls);
    EXPECT_EQ(client.error.text,
              "the certificate is for mail.test, 127.0.0.1, not for smtp.example");
    EXPECT_FALSE(client.error.mend.empty());
    EXPECT_EQ(server.error.text, "the other side does not trust our certificate");
}

TEST_F(TlsTest, UnverifiedGoesOnAndTellsWhy) {
    auto [server, client] = handshake({.server_name = "smtp.example", .verify = false, .alpn = {}});
    ASSERT_TRUE(server.ok && client.ok) << client.error.text;
    EXPECT_FALSE(client.info.verified);
    EXPECT_EQ(client.info.peer_error,
              "the certificate is for mail.test, 127.0.0.1, not for smtp.example");
}

TEST_F(TlsTest, AnUnknownAuthorityIsNamed) {
    const auto& certificates = Certificates::get();
    auto system = TlsClientContext::make("");
    ASSERT_TRUE(system);
    auto outcome =
        *runtime::run_to_end(worker_, log_,
                             meet(worker_, log_, certificates.server, *system,
                                  {.server_name = "mail.test", .verify = true, .alpn = {}}));
    ASSERT_FALSE(outcome.second.ok);
    EXPECT_NE(outcome.second.error.text.find("Posthaste CA of mail.test"), std::string::npos)
        << outcome.second.error.text;
    EXPECT_NE(outcome.second.error.mend.find("ca_file"), std::string::npos);
}

TEST_F(TlsTest, AlpnForAnotherProtocolIsRefused) {
    auto [server, client] =
        handshake({.server_name = "mail.test", .verify = true, .alpn = {"http/1.1", "h2"}});
    EXPECT_FALSE(server.ok || client.ok);
    auto both = handshake({.server_name = "mail.test", .verify = true, .alpn = {"h2", "smtp"}});
    EXPECT_TRUE(both.first.ok && both.second.ok);
}

// ---- against OpenSSL alone

struct RawClient {
    int min_version = TLS1_2_VERSION;
    int max_version = TLS1_3_VERSION;
    const char* ciphers = "ALL:@SECLEVEL=0";
    const char* server_name = nullptr;
    std::function<void(SSL*, int fd)> then = nullptr;  // after the handshake
};

struct RawOutcome {
    bool ok = false;
    std::string reason, cipher, leaf_name;
    std::size_t session_id = 0;
    bool rsa = false;
    bool ticket = false;
};

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

class RawTlsTest : public TlsTest {
  protected:
    RawOutcome connect(const RawClient& client,
                       std::shared_ptr<TlsServerContext> context = nullptr) {
        auto [near, far] = testing::socket_pair();
        auto outcome = std::async(std::launch::async, [&client, fd = std::move(far)]() mutable {
            return raw_client(std::move(fd), client);
        });
        if (!context) context = Certificates::get().server;
        runtime::run_to_end(worker_, log_,
                            serve(testing::adopt(worker_, std::move(near)), context, server_));
        return outcome.get();
    }

    Outcome server_;
};

TEST_F(RawTlsTest, OldVersionsAreRefused) {
    auto old = connect({.min_version = TLS1_VERSION, .max_version = TLS1_1_VERSION});
    EXPECT_FALSE(old.ok);
    EXPECT_EQ(server_.error.kind, ErrorKind::tls);
    EXPECT_EQ(server_.error.text, "the other side knows only TLS versions before 1.2");
}

TEST_F(RawTlsTest, WhatAnOldDeviceOffersIsKnownAfterItWasRefused) {
    using enum TlsFailure::Cause;
    connect(
        {.min_version = TLS1_VERSION, .max_version = TLS1_VERSION, .server_name = "MAIL.test."});
    ASSERT_TRUE(server_.failure);
    EXPECT_EQ(server_.failure->cause, old_version);
    EXPECT_EQ(server_.failure->newest_version, "TLSv1.0");
    EXPECT_EQ(server_.failure->server_name, "mail.test");
    connect({.max_version = TLS1_2_VERSION, .ciphers = "AES128-SHA:@SECLEVEL=0"});
    ASSERT_TRUE(server_.failure);
    EXPECT_EQ(server_.failure->cause, no_shared_cipher);
    EXPECT_EQ(server_.failure->newest_version, "TLSv1.2");
    EXPECT_EQ(server_.failure->server_name, "");
    EXPECT_TRUE(connect({.server_name = "mail.test"}).ok);
    EXPECT_FALSE(server_.failure);
}

TEST_F(TlsTest, WhatTheClientSaidOfOurCertificateIsKnown) {
    using enum TlsFailure::Cause;
    const auto& certificates = Certificates::get();
    auto system = TlsClientContext::make("");
    ASSERT_TRUE(system);
    auto unknown =
        *runtime::run_to_end(worker_, log_,
                             meet(worker_, log_, certificates.server, *system,
                                  {.server_name = "mail.test", .verify = true, .alpn = {}}));
    ASSERT_TRUE(unknown.first.failure);
    EXPECT_EQ(unknown.first.failure->cause, unknown_authority);
    EXPECT_EQ(unknown.first.failure->newest_version, "TLSv1.3");
    EXPECT_EQ(unknown.first.failure->server_name, "mail.test");
    auto wrong_name = handshake({.server_name = "smtp.example", .verify = true, .alpn = {}});
    ASSERT_TRUE(wrong_name.first.failure);
    EXPECT_EQ(wrong_name.first.failure->cause, bad_certificate);
    auto http = handshake({.server_name = "mail.test", .verify = true, .alpn = {"h2"}});
    ASSERT_TRUE(http.first.failure);
    EXPECT_EQ(http.first.failure->cause, not_mail);
}

TEST_F(TlsTest, AnOldDeviceHearsWhoRefusedWhom) {
    const auto refused =
        handshake({.server_name = "mail.test", .verify = true, .alpn = {}, .old_device = true});
    EXPECT_EQ(refused.second.error.text,
              "the other side refuses TLS 1.0, and this offered nothing newer");
    EXPECT_EQ(refused.first.error.text, "the other side knows only TLS versions before 1.2");
}

TEST_F(TlsTest, WhatIsWrongWithACertificateIsAValueToo) {
    auto fault = CertificateFault::none;
    handshake({.server_name = "smtp.example", .verify = true, .alpn = {}, .fault = &fault});
    EXPECT_EQ(fault, CertificateFault::name);
    auto system = TlsClientContext::make("");
    ASSERT_TRUE(system);
    auto unknown = *runtime::run_to_end(
        worker_, log_,
        meet(worker_, log_, Certificates::get().server, *system,
             {.server_name = "mail.test", .verify = true, .alpn = {}, .fault = &fault}));
    EXPECT_EQ(fault, CertificateFault::untrusted);
    EXPECT_EQ(unknown.second.error.kind, ErrorKind::tls);
}

TEST_F(TlsTest, WhichNamesAreCovered) {
    const auto& server = *Certificates::get().server;
    EXPECT_TRUE(server.covers("mail.test"));
    EXPECT_TRUE(server.covers("MAIL.test"));
    EXPECT_FALSE(server.covers("smtp.example"));
    EXPECT_FALSE(server.covers(""));
    EXPECT_FALSE(server.covers(std::string_view("mail.test\0.example", 18)));
}

// The fenced port for devices that nobody updates any more.
TEST_F(RawTlsTest, OldDevicesAreServedWhereThatIsAskedFor) {
    auto context =
        TlsServerContext::make({.certificates = Certificates::get().files, .old_devices = true});
    ASSERT_TRUE(context);

    struct Device {
        const char* name;
        RawClient client;
        const char* version;
    };

    const Device devices[] = {
        {"TLS 1.0, RSA key exchange",
         {.min_version = TLS1_VERSION,
          .max_version = TLS1_VERSION,
          .ciphers = "AES128-SHA:@SECLEVEL=0"},
         "TLSv1"},
        {"TLS 1.1",
         {.min_version = TLS1_1_VERSION,
          .max_version = TLS1_1_VERSION,
          .ciphers = "ALL:@SECLEVEL=0"},
         "TLSv1.1"},
        {"TLS 1.2 without ECDHE",
         {.max_version = TLS1_2_VERSION, .ciphers = "AES256-SHA256:@SECLEVEL=0"},
         "TLSv1.2"},
        {"today's", {}, "TLSv1.3"},
    };
    for (const auto& device : devices) {
        auto outcome = connect(device.client, *context);
        EXPECT_TRUE(outcome.ok) << device.name << ": " << outcome.reason;
        EXPECT_EQ(server_.info.version, device.version) << device.name;
    }
    for (const char* ciphers : {"ADH-AES128-SHA:@SECLEVEL=0", "NULL-SHA:@SECLEVEL=0"}) {
        auto naked = connect(
            {.min_version = TLS1_VERSION, .max_version = TLS1_2_VERSION, .ciphers = ciphers},
            *context);
        EXPECT_FALSE(naked.ok) << ciphers;
    }
}

TEST_F(RawTlsTest, WeakCiphersAreRefused) {
    for (const char* ciphers :
         {"AES128-GCM-SHA256:@SECLEVEL=0", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0",
          "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", "ADH-AES128-GCM-SHA256:@SECLEVEL=0"}) {
        auto weak = connect({.max_version = TLS1_2_VERSION, .ciphers = ciphers});
        EXPECT_FALSE(weak.ok) << ciphers;
        EXPECT_EQ(server_.error.text, "no cipher that both sides accept");
    }
}

TEST_F(RawTlsTest, Tls12IssuesASessionIdAndNoTicket) {
    auto client = connect({.max_version = TLS1_2_VERSION});
    ASSERT_TRUE(client.ok) << client.reason;
    EXPECT_EQ(client.session_id, 32U);
    EXPECT_FALSE(client.ticket);
}

TEST_F(RawTlsTest, Tls13SendsNoTicket) {
    auto client = connect({.min_version = TLS1_3_VERSION});
    ASSERT_TRUE(client.ok) << client.reason;
    EXPECT_FALSE(client.ticket);
}

TEST_F(RawTlsTest, AClientWithoutEcdsaGetsTheRsaCertificate) {
    EXPECT_TRUE(
        connect({.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"}).rsa);
    EXPECT_FALSE(connect({.max_version = TLS1_2_VERSION}).rsa);
}

TEST_F(RawTlsTest, RenegotiationIsRefused) {
    auto client = connect({.max_version = TLS1_2_VERSION, .then = [](SSL* ssl, int) {
                               SSL_renegotiate(ssl);
                               EXPECT_NE(SSL_do_handshake(ssl), 1);
                           }});
    EXPECT_TRUE(client.ok);
}

// ---- threats.md S4, S5, T3

Task<std::vector<std::string>> read_until_dead(std::unique_ptr<Stream> stream,
                                               std::shared_ptr<TlsServerContext> context) {
    std::vector<std::string> seen;
    stream->expires_after(10s);
    auto done = co_await stream->start_tls(*context);
    EXPECT_TRUE(done);
    static_cast<void>(co_await stream->write("220 inside\r\n"));
    for (int i = 0; i < 4; ++i) {
        auto line = co_await read_line(*stream, 1000);
        seen.push_back(line ? line->text : std::string(to_string(line.error().kind)));
    }
    co_await stream->close();
    co_return seen;
}

std::vector<std::string> seen_by_server(runtime::Worker& worker, Log& log,
                                        std::function<void(SSL*, int)> then) {
    auto [near, far] = testing::socket_pair();
    RawClient client;
    client.then = std::move(then);
    auto outcome = std::async(std::launch::async, [&client, fd = std::move(far)]() mutable {
        return raw_client(std::move(fd), client);
    });
    return *runtime::run_to_end(
        worker, log,
        read_until_dead(testing::adopt(worker, std::move(near)), Certificates::get().server));
}

TEST_F(RawTlsTest, NothingIsReadInClearBehindCloseNotify) {
    auto seen = seen_by_server(worker_, log_, [](SSL* ssl, int fd) {
        SSL_write(ssl, "MAIL\r\n", 6);
        SSL_shutdown(ssl);
        EXPECT_EQ(::send(fd, "RCPT in clear\r\n", 15, MSG_NOSIGNAL), 15);
        ::shutdown(fd, SHUT_WR);
    });
    EXPECT_EQ(seen, (std::vector<std::string>{"MAIL", "closed", "closed", "closed"}));
}

TEST_F(RawTlsTest, OctetsInClearWithinTlsEndTheConnection) {
    auto seen = seen_by_server(worker_, log_, [](SSL* ssl, int fd) {
        SSL_write(ssl, "MAIL\r\n", 6);
        EXPECT_EQ(::send(fd, "RCPT in clear\r\n", 15, MSG_NOSIGNAL), 15);
        SSL_write(ssl, "DATA\r\n", 6);
    });
    EXPECT_EQ(seen, (std::vector<std::string>{"MAIL", "tls", "closed", "closed"}));
}

TEST_F(RawTlsTest, AnEndWithoutCloseNotifyIsTheEnd) {
    auto seen = seen_by_server(worker_, log_, [](SSL* ssl, int fd) {
        SSL_write(ssl, "MAIL\r\nhalf a line", 17);
        ::shutdown(fd, SHUT_RDWR);
    });
    EXPECT_EQ(seen, (std::vector<std::string>{"MAIL", "closed", "closed", "closed"}));
}

Task<Error> tls_behind_octets(Stream& near, Stream& far) {
    static_cast<void>(co_await near.write("STARTTLS\r\nRSET\r\n"));
    static_cast<void>(co_await read_line(far, 1000));
    auto done = co_await far.start_tls(*Certificates::get().server);
    auto again = co_await far.fill();
    EXPECT_FALSE(again);
    co_return done ? Error{} : done.error();
}

TEST_F(TlsTest, OctetsBehindStarttlsEndTheConnection) {
    auto [near, far] = testing::stream_pair(worker_);
    auto error = *runtime::run_to_end(worker_, log_, tls_behind_octets(*near, *far));
    EXPECT_EQ(error.kind, ErrorKind::tls);
}

Task<Error> handshake_with(Stream& near, Stream& far, std::string octets) {
    static_cast<void>(co_await near.write(octets));
    far.expires_after(20ms);
    auto done = co_await far.start_tls(*Certificates::get().server);
    co_await far.close();
    co_return done ? Error{} : done.error();
}

TEST_F(TlsTest, AStalledHandshakeEndsWithTheDeadlineAndGarbageAtOnce) {
    auto [near, far] = testing::stream_pair(worker_);
    EXPECT_EQ(runtime::run_to_end(worker_, log_, handshake_with(*near, *far, "\x16\x03\x01"))->kind,
              ErrorKind::timeout);
    auto [near2, far2] = testing::stream_pair(worker_);
    auto error = *runtime::run_to_end(worker_, log_, handshake_with(*near2, *far2, "EHLO x\r\n"));
    EXPECT_EQ(error.kind, ErrorKind::tls);
    EXPECT_EQ(error.text, "the other side does not speak TLS here");
}

// ---- much data, both ways at once

Task<void> send_much(Stream& stream, std::size_t octets) {
    std::string piece(100'000, 'x');
    for (std::size_t sent = 0; sent < octets; sent += piece.size()) {
        auto put = co_await stream.write(piece);
        EXPECT_TRUE(put);
    }
}

Task<void> serve_much(std::unique_ptr<Stream> stream, std::size_t octets) {
    stream->expires_after(20s);
    auto done = co_await stream->start_tls(*Certificates::get().server);
    EXPECT_TRUE(done);
    co_await send_much(*stream, octets);
    co_await stream->close();
}

Task<std::size_t> transfer(runtime::Worker& worker, Log& log, std::size_t octets) {
    auto pair = testing::stream_pair(worker);
    runtime::TaskGroup group(worker, log);
    group.spawn(serve_much(std::move(pair.first), octets));
    auto& stream = *pair.second;
    stream.expires_after(20s);
    TlsClientPolicy policy{.server_name = "mail.test", .verify = true, .alpn = {}};
    auto done = co_await stream.start_tls(*Certificates::get().client, policy);
    EXPECT_TRUE(done);
    std::size_t received = 0;
    for (;;) {
        auto filled = co_await stream.fill();
        if (!filled) break;
        received += stream.buffered().size();
        stream.consume(stream.buffered().size());
    }
    co_await stream.close();
    co_await group.close();
    co_return received;
}

TEST_F(TlsTest, MuchDataArrivesWhole) {
    EXPECT_EQ(runtime::run_to_end(worker_, log_, transfer(worker_, log_, 20'000'000)), 20'000'000U);
}

// ---- certificates

TEST_F(RawTlsTest, NewFilesAreLoadedAndBadOnesLeaveTheOld) {
    testing::TemporaryFolder folder;
    auto files = *ensure_own_certificates(folder.path, {"old.test"});
    auto context = *TlsServerContext::make({.certificates = files});
    EXPECT_FALSE(*context->reload_if_changed());
    EXPECT_EQ(connect({}, context).leaf_name, "old.test");
    ASSERT_TRUE(ensure_own_certificates(folder.path, {"new.test"}));
    EXPECT_TRUE(*context->reload_if_changed());
    EXPECT_FALSE(*context->reload_if_changed());
    EXPECT_EQ(connect({}, context).leaf_name, "new.test");
    ASSERT_TRUE(write_file_durably(files[0].cert_file, "not a certificate", 0644));
    EXPECT_FALSE(context->reload_if_changed());
    EXPECT_EQ(connect({}, context).leaf_name, "new.test");
    ASSERT_EQ(context->certificates().size(), 2U);
    EXPECT_EQ(context->certificates()[0].names, (std::vector<std::string>{"new.test"}));
    EXPECT_TRUE(context->certificates()[1].rsa);
    EXPECT_EQ(context->certificates()[0].fingerprint.size(), 64U);
}

TEST_F(RawTlsTest, ServerNamesChooseAmongCertificates) {
    testing::TemporaryFolder one, two;
    auto files = *ensure_own_certificates(one.path, {"one.test"});
    auto others = *ensure_own_certificates(two.path, {"two.test", "*.wild.test"});
    files.insert(files.end(), others.begin(), others.end());
    auto context = *TlsServerContext::make({.certificates = files});
    EXPECT_EQ(connect({.server_name = "TWO.test."}, context).leaf_name, "two.test");
    EXPECT_EQ(connect({.server_name = "a.wild.test"}, context).leaf_name, "two.test");
    EXPECT_EQ(connect({.server_name = "one.test"}, context).leaf_name, "one.test");
    EXPECT_EQ(connect({.server_name = "unknown.test"}, context).leaf_name, "one.test");
    EXPECT_EQ(connect({}, context).leaf_name, "one.test");
    // TLS 1.2 with RSA only, still by name.
    auto rsa = connect({.max_version = TLS1_2_VERSION,
                        .ciphers = "ECDHE-RSA-AES128-GCM-SHA256",
                        .server_name = "two.test"},
                       context);
    EXPECT_TRUE(rsa.rsa);
    EXPECT_EQ(rsa.leaf_name, "two.test");
}

TEST(TlsServerContext, WhatDoesNotFitIsRefusedWithItsMend) {
    testing::TemporaryFolder one, two;
    auto files = *ensure_own_certificates(one.path, {"one.test"});
    auto others = *ensure_own_certificates(two.path, {"two.test"});
    auto refused = [](const std::string& cert, const std::string& key) {
        auto made = TlsServerContext::make({.certificates = {{cert, key}}});
        if (made) return Error{};
        EXPECT_FALSE(made.error().mend.empty()) << made.error().text;
        return made.error();
    };
    EXPECT_NE(refused(files[0].cert_file, others[0].key_file).text.find("does not belong"),
              std::string::npos);
    EXPECT_NE(refused(files[0].cert_file, files[1].key_file).text.find("does not belong"),
              std::string::npos);
    EXPECT_NE(refused(files[0].key_file, files[0].key_file).text.find("no certificate"),
              std::string::npos);
    EXPECT_NE(refused(files[0].cert_file, files[0].cert_file).text.find("no private key"),
              std::string::npos);
    // The chain in front of the server's own.
    std::string reversed = one.file("reversed.pem");
    auto leaf = *read_file(files[0].cert_file, 1 << 20);
    auto ca = *read_file(one.file("ca.pem"), 1 << 20);
    ASSERT_TRUE(write_file_durably(reversed, ca + leaf, 0644));
    EXPECT_NE(refused(reversed, files[0].key_file).text.find("not the first"), std::string::npos);
    // A key with a password.
    auto key = *read_file(files[0].key_file, 1 << 20);
    detail::BioPtr in(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
    detail::KeyPtr parsed(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    std::string locked = one.file("locked.pem");
    detail::BioPtr out(BIO_new_file(locked.c_str(), "w"));
    unsigned char password[] = "secret";
    PEM_write_bio_PrivateKey(out.get(), parsed.get(), EVP_aes_128_cbc(), password, 6, nullptr,
                             nullptr);
    out.reset();
    EXPECT_NE(refused(files[0].cert_file, locked).text.find("password"), std::string::npos);
    EXPECT_EQ(TlsServerContext::make({.certificates = {{one.file("none"), files[0].key_file}}})
                  .error()
                  .kind,
              ErrorKind::not_found);
    EXPECT_FALSE(TlsServerContext::make({}));
}

TEST(TlsServerContext, GivesTheIdentityThatAClientSees) {
    const auto& made = Certificates::get();
    ASSERT_EQ(made.files.size(), 2U);  // ECDSA, RSA
    for (const char* name : {"mail.test", "nobody.test"}) {
        const auto identity = made.server->identity(name);
        ASSERT_TRUE(identity.has_value()) << identity.error().text;
        // For a known name the RSA certificate, which every device can check.
        const bool rsa = std::string_view(name) == "mail.test";
        const auto file = read_file(made.files[rsa ? 1 : 0].cert_file, 1 << 20).value();
        const auto leaf = file.substr(0, file.find("-----END"));
        EXPECT_EQ(identity->chain_pem.substr(0, leaf.size()), leaf) << name;
        EXPECT_TRUE(identity->key_pem.reveal().starts_with("-----BEGIN PRIVATE KEY-----")) << name;
    }
}

TEST(TlsClientContext, ABadCaFileIsNamed) {
    testing::TemporaryFolder folder;
    ASSERT_TRUE(write_file_durably(folder.file("ca.pem"), "hello", 0644));
    auto bad = TlsClientContext::make(folder.file("ca.pem"));
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().kind, ErrorKind::syntax);
    auto none = TlsClientContext::make(folder.file("none.pem"));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace posthaste::net
