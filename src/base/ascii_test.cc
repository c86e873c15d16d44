#include "base/ascii.h"

#include <gtest/gtest.h>

namespace posthaste::ascii {
namespace {

TEST(Ascii, compares_without_case_and_without_locale) {
    EXPECT_TRUE(equals_ignore_case("MAIL from:<A@x>", "mail FROM:<a@X>"));
    EXPECT_TRUE(equals_ignore_case("", ""));
    EXPECT_FALSE(equals_ignore_case("a", "ab"));
    EXPECT_FALSE(equals_ignore_case("\xc4", "\xe4")) << "8-bit octets have no case";
    EXPECT_FALSE(equals_ignore_case("@", "`")) << "32 apart but no letters";
    EXPECT_TRUE(starts_with_ignore_case("Bcc: x", "bcc:"));
    EXPECT_TRUE(starts_with_ignore_case("x", ""));
    EXPECT_FALSE(starts_with_ignore_case("bc", "bcc"));
}

TEST(Ascii, changes_case_of_letters_only) {
    EXPECT_EQ(to_lower("AZ[@\xc4"), "az[@\xc4");
    EXPECT_EQ(to_upper("az{`\xe4"), "AZ{`\xe4");
}

TEST(Ascii, trims_white_space_of_mail) {
    EXPECT_EQ(trim(" \t\r\na b\r\n"), "a b");
    EXPECT_EQ(trim(" \t "), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("\va\v"), "\va\v");
}

TEST(Ascii, knows_8bit_octets) {
    EXPECT_TRUE(is_ascii(std::string_view("\0\x7f", 2)));
    EXPECT_FALSE(is_ascii("a\x80"));
    EXPECT_TRUE(is_control('\x7f'));
    EXPECT_FALSE(is_control('\x80'));
}

}  // namespace
}  // namespace posthaste::ascii
