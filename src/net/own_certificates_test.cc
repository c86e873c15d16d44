// The own CA and its certificates, for a server that has no others.
#include "base/file.h"
#include "net/test_support.h"
#include "net/tls.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace posthaste::net {
namespace {

TEST(OwnCertificates, AreKeptWhileTheyFit) {
    testing::TemporaryFolder folder;
    std::string inner = folder.file("tls");
    auto content = [&](const char* name) { return *read_file(inner + "/" + name, 1 << 20); };
    ASSERT_TRUE(ensure_own_certificates(inner, {"mail.test", "10.0.0.1", "2001:db8::1"}));
    auto ca = content("ca.pem"), leaf = content("ecdsa.pem"), rsa = content("rsa.pem");
    for (const char* key : {"ca-key.pem", "ecdsa-key.pem", "rsa-key.pem"}) {
        EXPECT_EQ(std::filesystem::status(inner + "/" + key).permissions(),
                  std::filesystem::perms(0600))
            << key;
    }
    ASSERT_TRUE(ensure_own_certificates(inner, {"mail.test", "10.0.0.1", "2001:db8::1"}));
    EXPECT_EQ(content("ecdsa.pem"), leaf);
    EXPECT_EQ(content("rsa.pem"), rsa);
    // Other names: new leaves of the same authority.
    ASSERT_TRUE(ensure_own_certificates(inner, {"mail2.test"}));
    EXPECT_NE(content("ecdsa.pem"), leaf);
    EXPECT_EQ(content("ca.pem"), ca);
    // A lost key, a torn file, a lost authority: made anew.
    leaf = content("ecdsa.pem");
    std::filesystem::remove(inner + "/ecdsa-key.pem");
    ASSERT_TRUE(write_file_durably(inner + "/rsa.pem", "-----BEGIN CERT", 0644));
    auto files = ensure_own_certificates(inner, {"mail2.test"});
    ASSERT_TRUE(files);
    EXPECT_NE(content("ecdsa.pem"), leaf);
    EXPECT_TRUE(TlsServerContext::make({.certificates = *files}));
    std::filesystem::remove(inner + "/ca.pem");
    files = ensure_own_certificates(inner, {"mail2.test"});
    ASSERT_TRUE(files && TlsServerContext::make({.certificates = *files}));
    EXPECT_NE(content("ca.pem"), ca);
}

TEST(OwnCertificates, NamesThatAreNoneAreRefused) {
    testing::TemporaryFolder folder;
    for (const char* bad : {"", "a,DNS:b", "mail.test\n", "a b"}) {
        EXPECT_FALSE(ensure_own_certificates(folder.path, {bad})) << bad;
    }
    EXPECT_FALSE(ensure_own_certificates(folder.path, {}));
    std::string long_name = std::string(63, 'a') + "." + std::string(63, 'b') + ".test";
    EXPECT_TRUE(ensure_own_certificates(folder.path, {long_name}));
}

}  // namespace
}  // namespace posthaste::net
