#include "formats/url.h"

#include <gtest/gtest.h>

namespace posthaste::formats {
namespace {

TEST(Url, decodes_what_is_escaped_rightly) {
    struct Row {
        const char* name;
        std::string_view text;
        std::optional<std::string> decoded;
    };

    const Row rows[] = {
        {"empty", "", ""},
        {"plain", "a-b_c.d~e", "a-b_c.d~e"},
        {"either case", "%c3%BC", "\xc3\xbc"},
        {"an address", "anna%40corp.example", "anna@corp.example"},
        {"plus stays", "a+b", "a+b"},
        {"once, not twice", "%2541", "%41"},
        {"a line end in an escape", "a%0d%0ab", "a\r\nb"},
        {"cut after the sign", "a%", std::nullopt},
        {"cut after one digit", "a%4", std::nullopt},
        {"no digits", "%zz", std::nullopt},
        {"a sign among the digits", "%+1", std::nullopt},
        {"NUL", "a%00", std::nullopt},
        {"a raw space", "a b", std::nullopt},
        {"a raw line end", "a\nb", std::nullopt},
        {"a raw 8-bit octet", "\xc3\xbc", std::nullopt},
        {"Latin-1 escaped", "%fc", std::nullopt},
        {"overlong slash escaped", "%c0%af", std::nullopt},
        {"a fragment", "a#b", std::nullopt},
    };
    for (const Row& row : rows) EXPECT_EQ(percent_decode(row.text), row.decoded) << row.name;
}

TEST(Url, encoded_text_comes_back) {
    EXPECT_EQ(percent_encode("a b/\xc3\xbc~"), "a%20b%2F%C3%BC~");
    EXPECT_EQ(percent_decode(percent_encode("100% \"x\"\n+&=?#")), "100% \"x\"\n+&=?#");
}

TEST(Url, reads_queries) {
    const QueryPairs expected = {{"from", "anna@x"}, {"text", "two words"}, {"to", "b"},
                                 {"to", "c=d"},      {"flag", ""},          {"", "v"}};
    const auto pairs = parse_query("from=anna%40x&text=two+words&to=b&to=c=d&&flag&=v&");
    ASSERT_TRUE(pairs);
    EXPECT_EQ(*pairs, expected);
    EXPECT_EQ(find_pair(*pairs, "to"), "b");
    EXPECT_EQ(find_pair(*pairs, "flag"), "");
    EXPECT_EQ(find_pair(*pairs, "none"), std::nullopt);
    EXPECT_TRUE(parse_query("")->empty());
    EXPECT_TRUE(parse_query("&&&")->empty());
}

TEST(Url, queries_are_strict_and_bounded) {
    EXPECT_EQ(parse_query("a=%").error().kind, ErrorKind::syntax);
    EXPECT_EQ(parse_query("%=a").error().kind, ErrorKind::syntax);
    EXPECT_EQ(parse_query("a=b;\x01").error().kind, ErrorKind::syntax);
    EXPECT_EQ(parse_query("a&b&c", {.max_pairs = 3})->size(), 3U);
    EXPECT_EQ(parse_query("a&b&c", {.max_pairs = 2}).error().kind, ErrorKind::too_large);
    EXPECT_EQ(parse_query("abc", {.max_octets = 2}).error().kind, ErrorKind::too_large);
}

}  // namespace
}  // namespace posthaste::formats
