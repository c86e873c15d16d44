#include "trap/display_address.h"

#include <string>

#include <gtest/gtest.h>

namespace posthaste::trap {
namespace {

struct Row {
    std::string name;
    std::string body;
    std::vector<DisplayAddress> wanted;
};

class DisplayAddressTest : public testing::TestWithParam<Row> {};

TEST_P(DisplayAddressTest, reads) {
    EXPECT_EQ(parse_display_addresses(GetParam().body), GetParam().wanted);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, DisplayAddressTest,
    testing::Values(
        Row{"none", "", {}}, Row{"bare", "bob@example.org", {{"", "bob@example.org"}}},
        Row{"angle", "<bob@example.org>", {{"", "bob@example.org"}}},
        Row{"named", "Bob B <bob@example.org>", {{"Bob B", "bob@example.org"}}},
        Row{"quoted_comma",
            "\"B, Bob\" <bob@example.org>, c@example.org",
            {{"B, Bob", "bob@example.org"}, {"", "c@example.org"}}},
        Row{"quoted_quote", R"("Bob \"B\" C" <b@example.org>)", {{"Bob \"B\" C", "b@example.org"}}},
        Row{"encoded_comma",
            "=?utf-8?Q?B=C3=B6b=2C_A?= <b@example.org>",
            {{"Böb, A", "b@example.org"}}},
        Row{"encoded_with_address_in_it",
            "=?utf-8?Q?x=40y?= <b@example.org>",
            {{"x@y", "b@example.org"}}},
        Row{"comment_as_name", "bob@example.org (Bob)", {{"Bob", "bob@example.org"}}},
        Row{"group",
            "Friends: a@example.org, b@example.org;",
            {{"", "a@example.org"}, {"", "b@example.org"}}},
        Row{"empty_group", "undisclosed-recipients:;", {}},
        Row{"empty_elements", ", ,a@example.org,,", {{"", "a@example.org"}}},
        Row{"unclosed_quote", "\"Bob <b@example.org>", {{"Bob <b@example.org>", ""}}},
        Row{"unclosed_angle",
            "Bob <b@example.org, c@example.org",
            {{"Bob", "b@example.org, c@example.org"}}},
        Row{"control_characters",
            "B\x1b[31mob <b@example.org>",
            {{"B\\x1b[31mob", "b@example.org"}}},
        Row{"no_address", "nobody in particular", {{"nobody in particular", ""}}}),
    [](const auto& info) { return info.param.name; });

TEST(DisplayAddressTest, bounds_what_it_keeps) {
    std::string body;
    for (int i = 0; i < 5000; ++i) body += "a@example.org,";
    EXPECT_EQ(parse_display_addresses(body).size(), kMaxDisplayAddresses);
    std::size_t octets = 0;
    std::string long_names;
    for (int i = 0; i < 2000; ++i) long_names += std::string(190, 'n') + " <a@example.org>,";
    for (const auto& one : parse_display_addresses(long_names))
        octets += one.name.size() + one.address.size();
    EXPECT_LE(octets, kMaxDisplayOctets);
}

TEST(DisplayAddressTest, writes) {
    EXPECT_EQ(to_string(DisplayAddress{"Bob", "b@example.org"}), "Bob <b@example.org>");
    EXPECT_EQ(to_string(DisplayAddress{"", "b@example.org"}), "b@example.org");
    EXPECT_EQ(to_string(DisplayAddress{"Bob", ""}), "Bob");
}

}  // namespace
}  // namespace posthaste::trap
