#include "accounts/directory.h"

#include "accounts/password_hash.h"
#include "accounts/testing.h"

#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

Secret secret(std::string text) {
    return Secret(std::move(text));
}

class DirectoryTest : public ::testing::Test {
  protected:
    DirectoryTest() { temp_.add_domain("example.com"); }

    Directory directory() { return temp_.directory(); }

    testing::TempStore temp_;
};

#define EXPECT_FAILS(result, what)                                                \
    do {                                                                          \
        const auto ph_result = (result);                                          \
        ASSERT_FALSE(ph_result.has_value());                                      \
        EXPECT_EQ(to_string(ph_result.error().kind), to_string(ErrorKind::what)); \
        EXPECT_FALSE(ph_result.error().text.empty());                             \
    } while (false)

TEST_F(DirectoryTest, DomainsComeAndGo) {
    EXPECT_FAILS(directory().add_domain("Example.COM."), conflict);
    EXPECT_FAILS(directory().add_domain("no domain"), syntax);
    EXPECT_FAILS(directory().add_domain("[192.0.2.1]"), syntax);
    EXPECT_TRUE(directory()
                    .add_domain("b\xc3\xbc"
                                "cher.example")
                    .has_value());
    ASSERT_EQ(directory().domains().value().size(), 2U);
    EXPECT_TRUE(directory().remove_domain("xn--bcher-kva.example").has_value());
    EXPECT_FAILS(directory().remove_domain("xn--bcher-kva.example"), not_found);
}

TEST_F(DirectoryTest, ADomainInUseStays) {
    temp_.add_domain("example.net");
    temp_.add_account("anna@example.com", "correct horse");
    ASSERT_TRUE(directory().allow_address("anna@example.com", "anna@example.net").has_value());
    EXPECT_FAILS(directory().remove_domain("example.com"), denied);
    EXPECT_FAILS(directory().remove_domain("example.net"), denied);
    ASSERT_TRUE(directory().disallow_address("anna@example.com", "anna@example.net").has_value());
    EXPECT_TRUE(directory().remove_domain("example.net").has_value());
    ASSERT_TRUE(directory().remove_account("anna@example.com").has_value());
    EXPECT_TRUE(directory().remove_domain("example.com").has_value());
}

TEST_F(DirectoryTest, AccountsAreCheckedBeforeTheyAreMade) {
    EXPECT_TRUE(directory()
                    .add_account("Anna@Example.com", "Anna Muster", secret("correct horse"))
                    .has_value());
    EXPECT_FAILS(directory().add_account("anna@example.com", "", secret("correct horse")),
                 conflict);
    EXPECT_FAILS(directory().add_account("bob@example.org", "", secret("correct horse")), denied);
    EXPECT_FAILS(directory().add_account("bob", "", secret("correct horse")), syntax);
    EXPECT_FAILS(directory().add_account("bob@example.com", "", secret("short")), syntax);
    EXPECT_FAILS(directory().add_account("bob@example.com", "a\nb", secret("correct horse")),
                 syntax);
    EXPECT_FAILS(directory().add_account("bob@example.com", "", secret("two\r\nlines here")),
                 syntax);
    const auto row = directory().account("ANNA@example.com").value();
    EXPECT_EQ(row.address, "anna@example.com");
    EXPECT_EQ(row.name, "Anna Muster");
    EXPECT_TRUE(verify_password(row.password_hash, secret("correct horse")).value());
}

TEST_F(DirectoryTest, AnAddressIsTheSameInEveryUnicodeForm) {
    const std::string composed = "\u00fcn\u00ef@example.com";
    const std::string decomposed = "u\u0308ni\u0308@example.com";
    ASSERT_TRUE(directory().add_account(decomposed, "", secret("correct horse")).has_value());
    EXPECT_FAILS(directory().add_account(composed, "", secret("correct horse")), conflict);
    EXPECT_EQ(directory().account(composed).value().address, composed);
    EXPECT_EQ(directory().account(decomposed).value().address, composed);
}

TEST_F(DirectoryTest, AnAccountMayHaveNoPassword) {
    ASSERT_TRUE(directory().add_account("app@example.com", "", Secret()).has_value());
    EXPECT_TRUE(directory().account("app@example.com").value().password_hash.empty());
}

TEST_F(DirectoryTest, WhatIsNotThereCannotBeChanged) {
    EXPECT_FAILS(directory().remove_account("anna@example.com"), not_found);
    EXPECT_FAILS(directory().set_disabled("anna@example.com", true), not_found);
    EXPECT_FAILS(directory().set_password("anna@example.com", secret("correct horse")), not_found);
    EXPECT_FAILS(directory().allow_address("anna@example.com", "a@example.com"), not_found);
    EXPECT_FAILS(directory().new_app_password("anna@example.com", "scanner"), not_found);
    EXPECT_FAILS(directory().app_passwords("anna@example.com"), not_found);
    EXPECT_FAILS(directory().account("anna@example.com"), not_found);
}

TEST_F(DirectoryTest, ChangesKeepTheRest) {
    temp_.add_account("anna@example.com", "correct horse");
    ASSERT_TRUE(directory().allow_address("anna@example.com", "Sales@example.com").has_value());
    EXPECT_FAILS(directory().allow_address("anna@example.com", "sales@example.com"), conflict);
    EXPECT_FAILS(directory().allow_address("anna@example.com", "anna@example.com"), conflict);
    EXPECT_FAILS(directory().allow_address("anna@example.com", "anna@example.org"), denied);
    ASSERT_TRUE(directory().set_disabled("anna@example.com", true).has_value());
    ASSERT_TRUE(directory().set_password("anna@example.com", secret("another one")).has_value());
    const auto row = directory().account("anna@example.com").value();
    EXPECT_TRUE(row.disabled);
    EXPECT_EQ(row.also, std::vector<std::string>{"sales@example.com"});
    EXPECT_TRUE(verify_password(row.password_hash, secret("another one")).value());
    EXPECT_FAILS(directory().disallow_address("anna@example.com", "b@example.com"), not_found);
}

TEST_F(DirectoryTest, AppPasswordsHaveNamesAndCanBeTakenBack) {
    temp_.add_account("anna@example.com", "correct horse");
    const auto made = directory().new_app_password("anna@example.com", "Scanner").value();
    EXPECT_FAILS(directory().new_app_password("anna@example.com", "Scanner"), conflict);
    EXPECT_FAILS(directory().new_app_password("anna@example.com", ""), syntax);
    const auto rows = directory().app_passwords("anna@example.com").value();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].id, made.id);
    EXPECT_EQ(rows[0].digest.size(), 32U);
    EXPECT_EQ(rows[0].digest.find(made.password.reveal()), std::string::npos);
    EXPECT_FAILS(directory().revoke_app_password("anna@example.com", "Printer"), not_found);
    EXPECT_TRUE(directory().revoke_app_password("anna@example.com", made.id).has_value());
    EXPECT_TRUE(directory().app_passwords("anna@example.com").value().empty());
}

}  // namespace
}  // namespace posthaste::accounts
