// What the server offers to a client that is OpenSSL alone: versions, ciphers, tickets.
#include "net/tls_test_support.h"

namespace posthaste::net {
namespace {

using testing::Certificates;
using testing::RawClient;
using testing::RawTlsTest;

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

}  // namespace
}  // namespace posthaste::net
