#include "mail/domain.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

struct Row {
    std::string name;
    std::string text;
    std::string ascii;  // empty: refused
};

std::string name_of(const testing::TestParamInfo<Row>& row) {
    return row.param.name;
}

class DomainParse : public testing::TestWithParam<Row> {};

TEST_P(DomainParse, gives) {
    const auto domain = Domain::parse(GetParam().text);
    if (GetParam().ascii.empty()) {
        ASSERT_FALSE(domain) << domain->ascii();
        EXPECT_EQ(domain.error().kind, ErrorKind::syntax);
        EXPECT_FALSE(domain.error().mend.empty());
    } else {
        ASSERT_TRUE(domain) << domain.error().text;
        EXPECT_EQ(domain->ascii(), GetParam().ascii);
        // What came out goes in again and stays the same.
        EXPECT_EQ(Domain::parse(domain->ascii()).value(), *domain);
        EXPECT_EQ(Domain::parse(domain->unicode()).value(), *domain);
    }
}

std::string label(std::size_t n) {
    return std::string(n, 'a');
}

INSTANTIATE_TEST_SUITE_P(
    names, DomainParse,
    testing::Values(Row{"plain", "example.org", "example.org"},
                    Row{"upper", "Example.ORG", "example.org"},
                    Row{"trailing_dot", "example.org.", "example.org"},
                    Row{"two_trailing_dots", "example.org..", ""}, Row{"dot_alone", ".", ""},
                    Row{"leading_dot", ".example.org", ""}, Row{"empty_label", "a..b", ""},
                    Row{"empty", "", ""}, Row{"single_label", "relay", "relay"},
                    Row{"underscore", "_dmarc.a_b.org", "_dmarc.a_b.org"},
                    Row{"hyphens_3_4", "r3---sn.example.org", "r3---sn.example.org"},
                    Row{"leading_hyphen", "-a.org", ""}, Row{"trailing_hyphen", "a-.org", ""},
                    Row{"label_63", label(63) + ".org", label(63) + ".org"},
                    Row{"label_64", label(64) + ".org", ""},
                    Row{"name_253", label(63) + '.' + label(63) + '.' + label(63) + '.' + label(61),
                        label(63) + '.' + label(63) + '.' + label(63) + '.' + label(61)},
                    Row{"name_254", label(63) + '.' + label(63) + '.' + label(63) + '.' + label(62),
                        ""},
                    Row{"endless", std::string(100000, 'a'), ""}, Row{"space", "exa mple.org", ""},
                    Row{"nul", std::string("example.org\0.evil", 17), ""},
                    Row{"newline", "example.org\r\n", ""}, Row{"at", "a@b.org", ""},
                    Row{"slash", "a/b.org", ""}, Row{"percent", "a%b.org", ""},
                    Row{"dotted_quad", "192.0.2.1", ""}, Row{"number", "2130706433", ""},
                    Row{"short_quad", "127.1", ""}, Row{"number_last", "example.10", ""},
                    Row{"number_first", "3com.1example", "3com.1example"},
                    Row{"numbers_inside", "1.2.org", "1.2.org"},
                    Row{"xn_in_the_middle", "axn--b.org", "axn--b.org"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    international, DomainParse,
    testing::Values(
        Row{"u_label",
            "b\xc3\xbc"
            "cher.example",
            "xn--bcher-kva.example"},
        Row{"u_label_upper",
            "B\xc3\x9c"
            "CHER.example",
            "xn--bcher-kva.example"},
        Row{"decomposed",
            "bu\xcc\x88"
            "cher.example",
            "xn--bcher-kva.example"},
        Row{"a_label_upper", "XN--BCHER-KVA.example", "xn--bcher-kva.example"},
        Row{"sharp_s_stays",
            "stra\xc3\x9f"
            "e.de",
            "xn--strae-oqa.de"},
        Row{"top_level", "\xd0\xb8\xd1\x81\xd0\xbf\xd1\x8b\xd1\x82\xd0\xb0\xd0\xbd\xd0\xb8\xd0\xb5",
            "xn--80akhbyknj4f"},
        Row{"ideographic_dot", "a\xe3\x80\x82org", "a.org"},
        Row{"underscore_beside",
            "_x.b\xc3\xbc"
            "cher.example",
            "_x.xn--bcher-kva.example"},
        Row{"emoji", "\xe2\x98\x95.example", ""},
        Row{"emoji_a_label", "xn--53h.example", "xn--53h.example"},
        Row{"full_width_digits", "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.\xef\xbc\x91", ""},
        Row{"full_width_at",
            "a\xef\xbc\xa0"
            "b.org",
            ""},
        Row{"full_width_slash",
            "a\xef\xbc\x8f"
            "b.org",
            ""},
        Row{"bad_utf8",
            "b\xfc"
            "cher.example",
            ""},
        Row{"overlong",
            "a\xc0\xae"
            "org",
            ""},
        Row{"surrogate", "a\xed\xa0\x80.org", ""},
        Row{"right_to_left_override",
            "a\xe2\x80\xae"
            "b.org",
            ""},
        Row{"broken_a_label_beside_u_label",
            "xn--a.b\xc3\xbc"
            "cher.example",
            ""},
        Row{"a_label_of_ascii", "xn--abc-c.example", "xn--abc-c.example"},
        Row{"a_label_cut_short", "xn--abc-.example", ""},
        Row{"too_long_as_a_label", std::string(60, 'a') + "\xc3\xbc.org", ""}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    literals, DomainParse,
    testing::Values(Row{"v4", "[192.0.2.1]", "[192.0.2.1]"},
                    Row{"v6", "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"},
                    Row{"v6_other_spelling", "[ipv6:2001:0DB8:0::0001]", "[IPv6:2001:db8::1]"},
                    Row{"v6_mapped", "[IPv6:::ffff:192.0.2.1]", "[IPv6:::ffff:192.0.2.1]"},
                    Row{"v6_without_tag", "[2001:db8::1]", ""},
                    Row{"v6_zone", "[IPv6:fe80::1%eth0]", ""},
                    Row{"v4_with_tag", "[IPv6:192.0.2.1]", ""}, Row{"v4_octal", "[010.0.0.1]", ""},
                    Row{"v4_hex", "[0x7f.0.0.1]", ""}, Row{"v4_short", "[127.1]", ""},
                    Row{"v4_port", "[127.0.0.1]:25", ""}, Row{"v4_space", "[ 127.0.0.1]", ""},
                    Row{"v4_nul", std::string("[127.0.0.1\0]", 12), ""},
                    Row{"empty_brackets", "[]", ""}, Row{"open", "[127.0.0.1", ""},
                    Row{"bracket_alone", "[", ""}, Row{"general", "[tag:content]", ""},
                    Row{"name", "[example.org]", ""}),
    name_of);

TEST(Domain, tells_what_it_is) {
    EXPECT_TRUE(Domain::parse("relay").value().is_single_label());
    EXPECT_FALSE(Domain::parse("example.org").value().is_single_label());
    EXPECT_FALSE(Domain::parse("[192.0.2.1]").value().is_single_label());
    EXPECT_EQ(Domain::parse("[192.0.2.1]").value().literal_address(), "192.0.2.1");
    EXPECT_EQ(Domain::parse("[IPv6:::1]").value().literal_address(), "::1");
    EXPECT_EQ(Domain::parse("example.org").value().literal_address(), "");
    EXPECT_EQ(Domain::parse("xn--53h.example").value().unicode(), "xn--53h.example");
    EXPECT_EQ(Domain::parse("xn--abc-c.example").value().unicode(), "xn--abc-c.example");
    EXPECT_EQ(Domain::parse("xn--bcher-kva.example").value().unicode(),
              "b\xc3\xbc"
              "cher.example");
}

TEST(Domain, error_repeats_nothing_unprintable) {
    const auto domain = Domain::parse("a\r\nb\x1b[31m");
    ASSERT_FALSE(domain);
    EXPECT_EQ(domain.error().text.find('\r'), std::string::npos);
    EXPECT_EQ(domain.error().text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace posthaste::mail
