#include "net/signed_token.h"

#include "base/base64.h"
#include "base/file.h"
#include "net/test_support.h"
#include "net/tls.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace posthaste::net {
namespace {

class SignedTokenTest : public ::testing::Test {
  protected:
    SignedTokenTest() {
        EXPECT_TRUE(ensure_own_certificates(folder_.file("tls"), {"mail.test"}));
        rsa_key = Secret(content("rsa-key.pem"));
        ecdsa_key = Secret(content("ecdsa-key.pem"));
        rsa = content("rsa.pem");
        ecdsa = content("ecdsa.pem");
    }

    std::string content(const std::string& name) {
        return read_file(folder_.file("tls") + "/" + name, 1 << 20).value();
    }

    testing::TemporaryFolder folder_;
    Secret rsa_key, ecdsa_key;
    std::string rsa, ecdsa;
};

std::string decode_url(std::string text) {
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (text.size() % 4 != 0) text += '=';
    return base64::decode(text).value_or("");
}

bool verifies(const std::string& certificate, bool pss, const std::string& text,
              const std::string& signature) {
    BIO* bio = BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()));
    X509* leaf = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* parameters = nullptr;
    EVP_DigestVerifyInit(context, &parameters, EVP_sha256(), nullptr, X509_get0_pubkey(leaf));
    if (pss) {
        EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, 32);
    }
    const bool good =
        EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()),
                         signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                         text.size()) == 1;
    EVP_MD_CTX_free(context);
    X509_free(leaf);
    BIO_free(bio);
    return good;
}

TEST_F(SignedTokenTest, WhatIsSignedVerifies) {
    for (const auto how : {TokenSignature::rs256, TokenSignature::ps256}) {
        const auto token = sign_token(rsa_key, how, R"({"alg":"x"})", R"({"iss":"me"})");
        ASSERT_TRUE(token) << token.error().text;
        const std::string text(token->reveal());
        const auto dot = text.rfind('.');
        const std::string signature = decode_url(text.substr(dot + 1));
        const bool pss = how == TokenSignature::ps256;
        EXPECT_TRUE(verifies(rsa, pss, text.substr(0, dot), signature)) << name_of(how);
        EXPECT_FALSE(verifies(rsa, !pss, text.substr(0, dot), signature)) << name_of(how);
        EXPECT_FALSE(verifies(rsa, pss, text.substr(0, dot) + "x", signature)) << name_of(how);
        EXPECT_EQ(decode_url(text.substr(0, text.find('.'))), R"({"alg":"x"})");
    }
}

TEST_F(SignedTokenTest, KeysThatCannot) {
    EXPECT_EQ(sign_token(ecdsa_key, TokenSignature::rs256, "{}", "{}").error().kind,
              ErrorKind::unsupported);
    EXPECT_EQ(sign_token(Secret("x"), TokenSignature::rs256, "{}", "{}").error().kind,
              ErrorKind::syntax);
    EXPECT_TRUE(check_signing_key(rsa_key, rsa));
    EXPECT_TRUE(check_signing_key(rsa_key, ""));
    EXPECT_FALSE(check_signing_key(rsa_key, ecdsa)) << "of another certificate";
    EXPECT_FALSE(check_signing_key(rsa_key, "nothing"));
}

TEST_F(SignedTokenTest, DigestOfACertificate) {
    EXPECT_EQ(certificate_digest(rsa).value().size(), 43u);
    EXPECT_NE(certificate_digest(rsa).value(), certificate_digest(ecdsa).value());
    EXPECT_FALSE(certificate_digest(""));
}

}  // namespace
}  // namespace posthaste::net
