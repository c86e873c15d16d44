// The certificates of a server: which one is shown, which files are refused.
#include "net/tls_test_support.h"

#include <openssl/pem.h>

namespace posthaste::net {
namespace {

using testing::Certificates;
using testing::RawTlsTest;

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
