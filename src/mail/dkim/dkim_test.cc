#include "mail/dkim/dkim.h"

#include "base/base64.h"
#include "mail/dkim/dkim_body.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

// Keeps what it is asked to sign.
class Witness final : public DkimSigner {
  public:
    DkimAlgorithm algorithm() const override { return DkimAlgorithm::ed25519_sha256; }

    Result<std::string> sign(std::string_view data) const override {
        seen = data;
        return std::string(64, 'S');
    }

    mutable std::string seen;
};

HeaderBlock header(std::string_view text) {
    auto block = HeaderBlock::parse(text);
    EXPECT_TRUE(block) << block.error().text;
    return std::move(*block);
}

constexpr Timestamp kWhen{std::chrono::seconds(1528637909)};
const DkimIdentity kWho{"football.example.com", "brisbane"};

std::string sign(const HeaderBlock& block, const DkimSigner& signer) {
    auto field = make_dkim_signature(block, "hash=", kWho, signer, kWhen);
    EXPECT_TRUE(field);
    return *field;
}

TEST(Dkim, SignsTheFieldsInCanonicalFormFromBelow) {
    const Witness witness;
    sign(header("Received: x\r\nsUBJect :  Two\r\n\t words \r\nReferences: <2>\r\n"
                "References: <1>\r\nFrom: a@b.example\r\n"),
         witness);
    EXPECT_TRUE(
        witness.seen.starts_with("from:a@b.example\r\nsubject:Two words\r\n"
                                 "references:<1>\r\nreferences:<2>\r\ndkim-signature:v=1;"))
        << witness.seen;
    EXPECT_TRUE(witness.seen.ends_with("bh=hash=; b=")) << witness.seen;
}

TEST(Dkim, NamesWhatNobodyMayAddOnceMore) {
    const Witness witness;
    const auto field = header(sign(header("From: a@b.example\r\nSubject: x\r\n"), witness));
    std::string names = field.fields()[0].unfolded();
    names.erase(
        std::remove_if(names.begin(), names.end(), [](char c) { return c == ' ' || c == '\t'; }),
        names.end());
    EXPECT_NE(names.find("h=From:From:Sender:Reply-To:Subject:Subject:Date:Message-ID:To:Cc:"),
              std::string::npos)
        << names;
    EXPECT_EQ(names.find("Received"), std::string::npos);
}

// RFC 8058 §4: both fields of a one-click link must be signed.
TEST(Dkim, SignsTheUnsubscriptionLink) {
    const Witness witness;
    const auto field = header(sign(header("From: a@b.example\r\n"
                                          "List-Unsubscribe: <https://b.example/u/1>\r\n"
                                          "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"),
                                   witness));
    std::string names = field.fields()[0].unfolded();
    std::erase_if(names, [](char c) { return c == ' ' || c == '\t'; });
    EXPECT_TRUE(names.contains(":List-Unsubscribe:")) << names;
    EXPECT_TRUE(names.contains(":List-Unsubscribe-Post:")) << names;
    EXPECT_TRUE(witness.seen.contains("list-unsubscribe:<https://b.example/u/1>\r\n"));
    EXPECT_TRUE(witness.seen.contains("list-unsubscribe-post:List-Unsubscribe=One-Click\r\n"));
}

TEST(Dkim, LinesStayShort) {
    const Witness witness;
    std::string many;
    for (int i = 0; i < 50; ++i) many += "References: <x>\r\n";
    const auto field = sign(header("From: a@b.example\r\n" + many), witness);
    for (std::size_t at = 0; at < field.size();) {
        const auto end = field.find("\r\n", at);
        EXPECT_LE(end - at, 78U) << field;
        at = end + 2;
    }
    EXPECT_TRUE(HeaderBlock::parse(field));
}

// RFC 8463 appendix A.
TEST(Dkim, TheKeyOfTheRfc) {
    const auto key = DkimKey::from_pem(
        Secret("-----BEGIN PRIVATE KEY-----\n"
               "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
               "-----END PRIVATE KEY-----\n"));
    ASSERT_TRUE(key) << key.error().text;
    EXPECT_EQ(key->algorithm(), DkimAlgorithm::ed25519_sha256);
    EXPECT_EQ(key->record(), "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

class KeysOf : public testing::TestWithParam<DkimAlgorithm> {};

TEST_P(KeysOf, SurviveTheirPemAndSignTheSame) {
    const auto key = DkimKey::generate(GetParam());
    ASSERT_TRUE(key) << key.error().text;
    const auto again = DkimKey::from_pem(key->to_pem());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->record(), key->record());
    EXPECT_EQ(again->algorithm(), GetParam());
    // Both schemes are deterministic.
    EXPECT_EQ(*key->sign("data"), *again->sign("data"));
    EXPECT_NE(*key->sign("data"), *key->sign("date"));
}

INSTANTIATE_TEST_SUITE_P(All, KeysOf,
                         testing::Values(DkimAlgorithm::rsa_sha256, DkimAlgorithm::ed25519_sha256));

TEST(DkimKey, RefusesWhatReceiversRefuse) {
    EXPECT_FALSE(DkimKey::generate(DkimAlgorithm::rsa_sha256, 512));
    EXPECT_FALSE(DkimKey::generate(DkimAlgorithm::rsa_sha256, 8192));
    for (const std::string& text :
         {std::string(), std::string("key"), std::string(100'000, 'x'),
          std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}) {
        const auto key = DkimKey::from_pem(Secret(text));
        ASSERT_FALSE(key);
        EXPECT_FALSE(key.error().mend.empty());
    }
}

TEST(Dkim, Selectors) {
    for (const char* good : {"ph202611a", "a", "a.b-c", "1"}) EXPECT_TRUE(is_dkim_selector(good));
    for (const char* bad : {"", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a;b", "a b"})
        EXPECT_FALSE(is_dkim_selector(bad)) << bad;
    EXPECT_FALSE(is_dkim_selector(std::string(64, 'a')));
}

}  // namespace
}  // namespace posthaste::mail
