#include "mail/saslprep.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

TEST(Saslprep, Rows) {
    struct Row {
        const char* name;
        std::string_view given;
        std::string_view wanted;
    };

    // The first five are RFC 4013's own examples (§3).
    const Row rows[] = {
        {"soft hyphen mapped to nothing", "I\xc2\xadX", "IX"},
        {"no change", "user", "user"},
        {"case kept", "USER", "USER"},
        {"feminine ordinal by NFKC", "\xc2\xaa", "a"},
        {"Roman numeral by NFKC", "\xe2\x85\xa8", "IX"},
        {"spaces of all kinds", "a\xc2\xa0\xe3\x80\x80z", "a  z"},
        {"composed", "u\xcc\x88", "\xc3\xbc"},
        {"a control among letters stays", "\xc3\xbc\x07", "\xc3\xbc\x07"},
        {"not UTF-8 stays", "\xfc", "\xfc"},
        {"empty", "", ""},
        {"only mapped to nothing", "\xe2\x80\x8b", ""},
    };
    for (const Row& row : rows) EXPECT_EQ(saslprep(row.given), row.wanted) << row.name;
}

}  // namespace
}  // namespace posthaste::mail
