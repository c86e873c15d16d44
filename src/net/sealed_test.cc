#include "net/sealed.h"

#include <gtest/gtest.h>

namespace posthaste::net {
namespace {

const std::string kSecret(32, 's');

TEST(Sealed, OpensAgainAndHidesItsText) {
    for (const std::string& text :
         {std::string(), std::string("refresh"), std::string(9000, 'x')}) {
        const auto sealed = seal(kSecret, "oauth a", Secret(text));
        const auto opened = unseal(kSecret, "oauth a", sealed);
        ASSERT_TRUE(opened) << opened.error().text;
        EXPECT_EQ(opened->reveal(), text);
        if (!text.empty()) EXPECT_EQ(sealed.find(text), std::string::npos);
    }
    EXPECT_NE(seal(kSecret, "oauth a", Secret("x")), seal(kSecret, "oauth a", Secret("x")));
}

TEST(Sealed, NothingElseOpens) {
    const auto sealed = seal(kSecret, "oauth a", Secret("refresh"));
    EXPECT_FALSE(unseal(std::string(32, 't'), "oauth a", sealed)) << "another store";
    EXPECT_FALSE(unseal(kSecret, "oauth b", sealed)) << "another login";
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(unseal(kSecret, "oauth a", changed)) << i;
        EXPECT_FALSE(unseal(kSecret, "oauth a", sealed.substr(0, i))) << i;
    }
    EXPECT_FALSE(unseal(kSecret, "oauth a", sealed + "x"));
    EXPECT_FALSE(unseal(kSecret, "oauth a", ""));
}

}  // namespace
}  // namespace posthaste::net
