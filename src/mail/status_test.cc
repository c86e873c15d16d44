#include "mail/status.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

std::string whole(std::string_view text) {
    const auto status = EnhancedStatus::parse(text);
    return status ? status->to_string() : "-";
}

std::string prefix(std::string_view text) {
    const auto status = EnhancedStatus::parse_prefix(text);
    return status ? status->to_string() : "-";
}

TEST(EnhancedStatus, parses_the_whole_text) {
    EXPECT_EQ(whole("5.1.1"), "5.1.1");
    EXPECT_EQ(whole("2.0.0"), "2.0.0");
    EXPECT_EQ(whole("4.999.999"), "4.999.999");
    for (const auto* bad : {"", "5", "5.", "5.1", "5.1.", "5.1.1 ", " 5.1.1", "3.1.1", "1.1.1",
                            "55.1.1", "5.1000.1", "5.1.1000", "5.01.1", "5.1.01", "5.-1.1",
                            "5.1.1.1", "5,1,1", "5.99999999999999999999.1"}) {
        EXPECT_EQ(whole(bad), "-") << bad;
    }
}

TEST(EnhancedStatus, opens_a_reply_text) {
    EXPECT_EQ(prefix("5.1.1 No such user"), "5.1.1");
    EXPECT_EQ(prefix("  4.2.0"), "4.2.0");
    EXPECT_EQ(prefix("5.1.1: No such user"), "5.1.1");
    EXPECT_EQ(prefix("5.7.1<a@b>"), "5.7.1");
    for (const auto* bad :
         {"", "No such user", "5.1.1.7 refused", "5.1.1x", "5.1.1234", "192.0.2.1 is bad"}) {
        EXPECT_EQ(prefix(bad), "-") << bad;
    }
}

}  // namespace
}  // namespace posthaste::mail
