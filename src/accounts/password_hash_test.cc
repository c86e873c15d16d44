#include "accounts/password_hash.h"

#include "accounts/unicode.h"
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

Secret secret(std::string text) {
    return Secret(std::move(text));
}

TEST(PasswordHash, IsArgon2idWithASaltOfItsOwn) {
    const auto one = hash_password(secret("correct horse"));
    const auto two = hash_password(secret("correct horse"));
    ASSERT_TRUE(one.has_value() && two.has_value());
    EXPECT_TRUE(one->starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << *one;
    EXPECT_NE(*one, *two);
    EXPECT_TRUE(verify_password(*one, secret("correct horse")).value());
    EXPECT_FALSE(verify_password(*one, secret("correct horsf")).value());
    EXPECT_FALSE(verify_password(*one, secret("")).value());
}

TEST(PasswordHash, NobodysIsWellFormedAndMatchesNothing) {
    const auto verified = verify_password(kNobodysHash, secret("correct horse"));
    ASSERT_TRUE(verified.has_value()) << verified.error().text;
    EXPECT_FALSE(*verified);
}

TEST(PasswordHash, DamagedIsAnErrorNotAWrongPassword) {
    const auto verified = verify_password("$argon2id$v=19$m=1", secret("correct horse"));
    ASSERT_FALSE(verified.has_value());
    EXPECT_EQ(verified.error().kind, ErrorKind::io);
}

struct Row {
    const char* name;
    std::string octets;
    std::vector<std::string> readings;
};

class Readings : public testing::TestWithParam<Row> {};

TEST_P(Readings, Are) {
    std::vector<std::string> found;
    for (const auto& reading : password_readings(secret(GetParam().octets))) {
        found.emplace_back(reading.reveal());
    }
    EXPECT_EQ(found, GetParam().readings);
}

INSTANTIATE_TEST_SUITE_P(
    Octets, Readings,
    testing::Values(
        Row{"ASCII", "tr0ub4dor&3", {"tr0ub4dor&3"}},
        Row{"composed", "gr\xc3\xbcn", {"gr\xc3\xbcn", "gr\xc3\x83\xc2\xbcn"}},
        Row{"decomposed becomes composed", "gru\xcc\x88n", {"gr\xc3\xbcn", "gru\xc3\x8c\xcb\x86n"}},
        Row{"Latin-1", "gr\xfcn", {"gr\xc3\xbcn"}},
        Row{"Windows-1252", "5 \x80", {"5 \xe2\x82\xac"}}),
    [](const auto& row) {
        std::string name = row.param.name;
        std::erase_if(name, [](char c) { return c == ' ' || c == '-'; });
        return name;
    });

TEST(Unicode, EveryOctetOfWindows1252IsSomething) {
    std::string octets;
    for (int i = 0; i < 256; ++i) octets += static_cast<char>(i);
    EXPECT_TRUE(utf8::is_valid(from_windows_1252(octets)));
}

}  // namespace
}  // namespace posthaste::accounts
