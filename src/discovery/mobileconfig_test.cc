#include "discovery/mobileconfig.h"

#include "discovery/golden_testing.h"
#include "discovery/profile_signer.h"
#include "discovery/uuid.h"
#include "formats/xml.h"

#include <array>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace posthaste::discovery {
namespace {

TEST(Uuid, version_5_of_the_standard) {
    // RFC 9562, appendix A.4.
    EXPECT_EQ(to_string(name_uuid(kDnsNamespace, "www.example.com")),
              "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

ProfileOwner anna() {
    return {.address = mailbox("anna@example.com"), .name = "Anna M\xc3\xbcller"};
}

TEST(Mobileconfig, is_the_property_list_of_one_address) {
    const auto plist = make_mobileconfig(example_settings(), anna());
    ASSERT_TRUE(plist);
    expect_golden("profile.mobileconfig", *plist);
}

TEST(Mobileconfig, in_german_with_pop_and_starttls_and_no_name) {
    MailSettings settings = example_settings();
    settings.tls_port = 0;
    settings.incoming = {{IncomingKind::pop3, "pop.example.com", 110, Security::starttls}};
    const auto plist = make_mobileconfig(
        settings, {.address = mailbox("anna@example.com"), .language = Language::de});
    ASSERT_TRUE(plist);
    expect_golden("profile_de.mobileconfig", *plist);
}

std::string uuids_of(std::string_view plist) {
    std::string all;
    constexpr std::string_view kKey = "<key>PayloadUUID</key>";
    for (std::size_t at = plist.find(kKey); at != std::string_view::npos;
         at = plist.find(kKey, at + 1)) {
        const std::size_t begin = plist.find("<string>", at);
        all += plist.substr(begin, plist.find("</string>", begin) - begin);
    }
    return all;
}

TEST(Mobileconfig, uuids_depend_on_the_address_alone) {
    const std::string first = uuids_of(*make_mobileconfig(example_settings(), anna()));
    EXPECT_EQ(first.size(), 2 * (8U + 36U));
    MailSettings moved = example_settings();
    moved.host = "smtp2.example.com";
    moved.https_base = "https://elsewhere.example";
    moved.name = "Other";
    ProfileOwner same = anna();
    same.language = Language::de;
    same.address = mailbox("Anna@example.com");
    EXPECT_EQ(uuids_of(*make_mobileconfig(moved, same)), first);
    ProfileOwner other = anna();
    other.address = mailbox("anna@example.net");
    EXPECT_NE(uuids_of(*make_mobileconfig(example_settings(), other)), first);
}

TEST(Mobileconfig, hostile_values_stay_text) {
    MailSettings settings = example_settings();
    settings.name = "{address}</string><key>x</key>";
    ProfileOwner owner{.address = mailbox("\"</string>&\"@example.com"), .name = "\x1b]]>"};
    const auto plist = make_mobileconfig(settings, owner);
    ASSERT_TRUE(plist);
    // Our reader takes no document type, which a property list has.
    const std::size_t doctype = plist->find("<!DOCTYPE");
    const std::size_t behind = plist->find('\n', doctype);
    const auto root = formats::parse_xml(plist->substr(behind));
    ASSERT_TRUE(root) << root.error().text;
    const auto& dict = root->children.at(0);
    EXPECT_EQ(dict.children.size(), 18U);
    EXPECT_EQ(dict.children.at(1).children.at(0).children.at(1).text, owner.address.to_string());
}

TEST(Mobileconfig, needs_an_incoming_server) {
    MailSettings settings = example_settings();
    settings.incoming.clear();
    const auto plist = make_mobileconfig(settings, anna());
    ASSERT_FALSE(plist);
    EXPECT_EQ(plist.error().kind, ErrorKind::unsupported);
}

TEST(Mobileconfig, its_address_is_read_back) {
    for (const char* address : {"anna@example.com", "\"a/../b\"@example.com", "a+b%c@example.com",
                                "\xc3\xa4@example.com"}) {
        const std::string url = mobileconfig_url(example_settings(), mailbox(address));
        ASSERT_TRUE(url.starts_with("https://mail.example.com/m/"));
        const std::string name = url.substr(27);
        EXPECT_EQ(name.find('/'), std::string::npos);
        EXPECT_EQ(read_mobileconfig_name(name), mailbox(address)) << url;
    }
    for (const char* name : {"", ".mobileconfig", "anna.mobileconfig", "anna%40example.com",
                             "anna%4", "a%00b@example.com.mobileconfig"})
        EXPECT_FALSE(read_mobileconfig_name(name)) << name;
}

TEST(Mobileconfig, its_file_name_needs_no_quoting) {
    EXPECT_EQ(mobileconfig_file_name(mailbox("anna@example.com")), "anna@example.com.mobileconfig");
    EXPECT_EQ(mobileconfig_file_name(mailbox("\"a\\\"; x\"@example.com")),
              "_a____x_@example.com.mobileconfig");
}

// A folder of its own with an authority and a server certificate made by openssl.
Result<std::string> sign_with(std::string_view plist, std::string_view chain_pem,
                              const Secret& key_pem) {
    PH_TRY(const auto signer, ProfileSigner::make(chain_pem, key_pem));
    return signer->sign(plist);
}

class Signing : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        folder_ = testing::TempDir() + "posthaste-sign-XXXXXX";
        ASSERT_NE(mkdtemp(folder_.data()), nullptr);
        run("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=CA");
        run(
            fmt::format("req -newkey {} -nodes -keyout key.pem -out request.pem "
                        "-subj /CN=mail.example.com",
                        GetParam()));
        run("x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 "
            "-out server.pem");
    }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    void run(const std::string& arguments) {
        const std::string command =
            fmt::format("cd '{}' && openssl {} >log 2>&1", folder_, arguments);
        ASSERT_EQ(std::system(command.c_str()), 0) << arguments << "\n" << read("log");
    }

    std::string read(const std::string& name) const {
        std::ifstream file(folder_ + "/" + name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    void write(const std::string& name, const std::string& octets) const {
        std::ofstream(folder_ + "/" + name, std::ios::binary) << octets;
    }

    std::string folder_;
};

TEST_P(Signing, is_verified_by_openssl) {
    const std::string plist = *make_mobileconfig(example_settings(), anna());
    const std::string chain = read("server.pem") + "between certificates\n" + read("ca.pem");
    const auto der = sign_with(plist, chain, Secret(read("key.pem")));
    ASSERT_TRUE(der) << der.error().text;
    EXPECT_EQ(static_cast<unsigned char>(der->front()), 0x30);  // DER, not PEM
    write("profile.der", *der);
    run("cms -verify -inform DER -in profile.der -CAfile ca.pem -purpose any -binary -out plist");
    EXPECT_EQ(read("plist"), plist);
    // The chain goes along, so that a device can build it.
    run("cms -cmsout -print -inform DER -in profile.der -noout");
    const std::string printed = read("log");
    EXPECT_NE(printed.find("CN=mail.example.com"), std::string::npos);
    EXPECT_NE(printed.find("subject: CN=CA"), std::string::npos);
}

TEST_P(Signing, a_changed_profile_is_not_verified) {
    auto der = sign_with("<plist/>", read("server.pem"), Secret(read("key.pem")));
    ASSERT_TRUE(der);
    const std::size_t at = der->find("<plist/>");
    ASSERT_NE(at, std::string::npos);
    (*der)[at + 1] = 'q';
    write("profile.der", *der);
    const std::string command = fmt::format(
        "cd '{}' && openssl cms -verify -inform DER -in profile.der -CAfile ca.pem -purpose any "
        "-out plist >log 2>&1",
        folder_);
    EXPECT_NE(std::system(command.c_str()), 0);
}

INSTANTIATE_TEST_SUITE_P(keys, Signing,
                         testing::Values("rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256"),
                         [](const auto& row) { return row.index == 0 ? "rsa" : "ecdsa"; });

class SigningFails : public Signing {};

TEST_P(SigningFails, naming_the_mend) {
    const std::string certificate = read("server.pem");
    const Secret key(read("key.pem"));
    const auto no_certificate = sign_with("x", "nonsense", key);
    ASSERT_FALSE(no_certificate);
    EXPECT_EQ(no_certificate.error().kind, ErrorKind::syntax);
    const auto no_key = sign_with("x", certificate, Secret("nonsense"));
    ASSERT_FALSE(no_key);
    EXPECT_EQ(no_key.error().kind, ErrorKind::syntax);
    const auto other_key = sign_with("x", certificate, Secret(read("ca.key")));
    ASSERT_FALSE(other_key);
    EXPECT_EQ(other_key.error().kind, ErrorKind::conflict);
    const auto broken_chain = sign_with(
        "x", certificate + "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", key);
    ASSERT_FALSE(broken_chain);
    EXPECT_EQ(broken_chain.error().kind, ErrorKind::syntax);
    // An encrypted key must not make anybody ask for its password.
    run("pkey -in key.pem -aes256 -passout pass:secret -out locked.pem");
    const auto locked = sign_with("x", certificate, Secret(read("locked.pem")));
    ASSERT_FALSE(locked);
    EXPECT_FALSE(locked.error().mend.empty());
    EXPECT_TRUE(sign_with("", certificate, key));
}

INSTANTIATE_TEST_SUITE_P(keys, SigningFails, testing::Values("rsa:2048"),
                         [](const auto&) { return "rsa"; });

}  // namespace
}  // namespace posthaste::discovery
