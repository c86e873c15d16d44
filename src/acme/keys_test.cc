#include "acme/keys.h"

#include "base/file.h"

#include <filesystem>
#include <sys/stat.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace posthaste::acme {
namespace {

class Folder {
  public:
    Folder() {
        std::string pattern = ::testing::TempDir() + "acme-keys-XXXXXX";
        path_ = mkdtemp(pattern.data());
    }

    ~Folder() { std::filesystem::remove_all(path_); }

    std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

// RFC 7515 appendix A.3: the key of its example, as PEM, gives its JWK.
constexpr std::string_view kExampleKey =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";

TEST(AcmeKey, has_the_web_key_of_the_rfc) {
    auto key = Key::parse(kExampleKey);
    ASSERT_TRUE(key.has_value()) << key.error().text;
    EXPECT_EQ(key->jwk(),
              R"({"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
              R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
}

TEST(AcmeKey, signatures_have_64_octets_whatever_the_numbers) {
    auto key = *Key::generate();
    for (int i = 0; i < 300; ++i) EXPECT_EQ(key.sign(fmt::format("text {}", i))->size(), 64U);
    EXPECT_EQ(key.thumbprint().size(), 43U);
}

TEST(AcmeKey, is_made_once_for_its_owner_alone) {
    Folder folder;
    auto made = Key::load_or_make(folder.file("key.pem"));
    ASSERT_TRUE(made.has_value());
    struct stat found{};
    ASSERT_EQ(::stat(folder.file("key.pem").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U);
    EXPECT_EQ(Key::load_or_make(folder.file("key.pem"))->jwk(), made->jwk());
}

TEST(AcmeKey, one_that_is_not_usable_is_told_and_never_replaced) {
    Folder folder;
    EVP_PKEY* rsa = EVP_RSA_gen(2048);
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, rsa, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio, &data);
    const std::string other(data, static_cast<std::size_t>(length));
    BIO_free(bio);
    EVP_PKEY_free(rsa);
    for (const auto& content : {std::string("garbage"), std::string(), other}) {
        ASSERT_TRUE(write_file_durably(folder.file("key.pem"), content, 0600).has_value());
        auto key = Key::load_or_make(folder.file("key.pem"));
        ASSERT_FALSE(key.has_value());
        EXPECT_FALSE(key.error().mend.empty());
        EXPECT_EQ(*read_file(folder.file("key.pem"), 1 << 20), content);
    }
}

TEST(AcmeRequest, holds_the_names_and_is_signed) {
    auto key = *Key::generate();
    auto der = make_request(key, {"a.test", "b.test"});
    ASSERT_TRUE(der.has_value());
    const auto* at = reinterpret_cast<const unsigned char*>(der->data());
    X509_REQ* request = d2i_X509_REQ(nullptr, &at, static_cast<long>(der->size()));
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(X509_REQ_verify(request, key.get()), 1);
    X509_REQ_free(request);
    for (const auto& bad :
         {std::string(), std::string("a,DNS:evil.test"), std::string("a b"), std::string(300, 'a')})
        EXPECT_FALSE(make_request(key, {bad}).has_value()) << bad;
    EXPECT_FALSE(make_request(key, {}).has_value());
}

TEST(AcmeChallenge, the_certificate_is_as_rfc_8737_wants_it) {
    auto pair = make_challenge_certificate("mail.a.test", "token.thumbprint");
    ASSERT_TRUE(pair.has_value());
    auto key = Key::parse(pair->key_pem.reveal());
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(read_chain(pair->chain_pem, *key)->names, std::vector<std::string>{"mail.a.test"});
    BIO* bio = BIO_new_mem_buf(pair->chain_pem.data(), static_cast<int>(pair->chain_pem.size()));
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    ASN1_OBJECT* wanted = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    const int index = X509_get_ext_by_OBJ(certificate, wanted, -1);
    ASN1_OBJECT_free(wanted);
    ASSERT_GE(index, 0);
    X509_EXTENSION* extension = X509_get_ext(certificate, index);
    EXPECT_EQ(X509_EXTENSION_get_critical(extension), 1);
    const auto* value = X509_EXTENSION_get_data(extension);
    const std::string octets(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                             static_cast<std::size_t>(ASN1_STRING_length(value)));
    EXPECT_EQ(octets, "\x04\x20" + sha256("token.thumbprint"));
    X509_free(certificate);
}

TEST(AcmeChain, is_refused_for_another_key_or_when_it_is_none) {
    auto pair = *make_challenge_certificate("a.test", "x");
    auto own = *Key::parse(pair.key_pem.reveal());
    auto other = *Key::generate();
    EXPECT_TRUE(read_chain(pair.chain_pem, own).has_value());
    EXPECT_FALSE(read_chain(pair.chain_pem, other).has_value());
    EXPECT_FALSE(read_chain("", own).has_value());
    EXPECT_FALSE(read_chain("-----BEGIN CERTIFICATE-----\nAAAA\n", own).has_value());
    std::string many;
    for (int i = 0; i < 40; ++i) many += pair.chain_pem;
    EXPECT_FALSE(read_chain(many, own).has_value());
}

}  // namespace
}  // namespace posthaste::acme
