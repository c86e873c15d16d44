// Handshakes and what comes behind them.
#include "net/tls.h"

#include "net/tls_test_support.h"
#include "runtime/task_group.h"

#include <future>

#include <gtest/gtest.h>

namespace posthaste::net {
namespace {

using namespace std::chrono_literals;
using runtime::Task;
using testing::Certificates;
using testing::meet;
using testing::raw_client;
using testing::RawClient;
using testing::RawTlsTest;
using testing::TlsTest;

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
    auto seen = *runtime::run_to_end(
        worker, log,
        read_until_dead(testing::adopt(worker, std::move(near)), Certificates::get().server));
    EXPECT_TRUE(outcome.get().ok);
    return seen;
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

}  // namespace
}  // namespace posthaste::net
