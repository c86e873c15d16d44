#include "formats/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::formats {

void PrintTo(const TomlPosition& p, std::ostream* out) {
    *out << p.line << ":" << p.column;
}

namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kText = R"(# comment
hostname = "mail.example.com"
expire = 5.5

[listen]
submission = [":587", 465]
on = true

[[route]]
to = "a"

[[route]]
to = "b"   # second
when = 2026-11-23T14:07:14.250+01:00
day = 2026-11-23
at = 07:32:00
limits.size = { least = 1, most = 2 }
)";

TEST(Toml, keeps_values_and_places) {
    const auto table = parse_toml(kText, "x.toml");
    ASSERT_TRUE(table) << table.error().text;
    ASSERT_EQ(table->entries().size(), 4U);
    EXPECT_EQ(table->entries()[0].key, "hostname") << "the order of the text";
    EXPECT_EQ(table->entries()[1].key, "expire");

    const TomlEntry* hostname = table->find("hostname");
    EXPECT_EQ(*hostname->value.as_string(), "mail.example.com");
    EXPECT_EQ(hostname->key_position, (TomlPosition{2, 1}));
    EXPECT_EQ(hostname->value.position(), (TomlPosition{2, 12}));
    EXPECT_EQ(hostname->value.as_integer(), std::nullopt);
    EXPECT_EQ(table->find("expire")->value.as_floating(), 5.5);

    const TomlEntry* listen = table->find("listen");
    ASSERT_EQ(listen->value.kind(), TomlKind::table);
    EXPECT_EQ(listen->key_position, (TomlPosition{5, 2}));
    const TomlEntry* submission = listen->value.as_table()->find("submission");
    ASSERT_EQ(submission->value.kind(), TomlKind::array);
    ASSERT_EQ(submission->value.as_array()->size(), 2U);
    EXPECT_EQ(submission->value.as_array()->at(1).as_integer(), 465);
    EXPECT_EQ(submission->value.as_array()->at(1).position(), (TomlPosition{6, 23}));
    EXPECT_EQ(listen->value.as_table()->find("on")->value.as_boolean(), true);
    EXPECT_EQ(table->find("none"), nullptr);
}

TEST(Toml, tables_in_lists_dates_and_dotted_keys) {
    const auto table = parse_toml(kText, "x.toml");
    ASSERT_TRUE(table) << table.error().text;
    const auto* routes = table->find("route")->value.as_array();
    ASSERT_NE(routes, nullptr);
    ASSERT_EQ(routes->size(), 2U);
    const TomlTable& second = *routes->at(1).as_table();
    EXPECT_EQ(second.find("to")->value.position(), (TomlPosition{13, 6}));
    EXPECT_EQ(*second.find("when")->value.as_datetime(), "2026-11-23T14:07:14.25+01:00");
    EXPECT_EQ(*second.find("day")->value.as_datetime(), "2026-11-23");
    EXPECT_EQ(*second.find("at")->value.as_datetime(), "07:32:00");
    EXPECT_EQ(second.find("at")->value.as_string(), nullptr);
    const TomlTable* limits = second.find("limits")->value.as_table();
    ASSERT_NE(limits, nullptr);
    const TomlEntry* size = limits->find("size");
    EXPECT_EQ(size->key_position, (TomlPosition{17, 8}));
    EXPECT_EQ(size->value.as_table()->find("most")->key_position, (TomlPosition{17, 28}));
}

TEST(Toml, text_may_be_in_any_script) {
    const auto table = parse_toml(
        "'caf\xc3\xa9' = \"\"\"a\\\n  \xc3\xa9\xef\xbb\xb7\"\"\" # \xe2\x80\x9cx\xe2\x80\x9d\n",
        "x");
    ASSERT_TRUE(table) << table.error().text;
    EXPECT_EQ(*table->find("caf\xc3\xa9")->value.as_string(), "a\xc3\xa9\xef\xbb\xb7");
}

TEST(Toml, an_empty_file_is_an_empty_table) {
    EXPECT_TRUE(parse_toml("", "x")->empty());
    EXPECT_TRUE(parse_toml("\xef\xbb\xbf# only a comm\xc3\xa9nt\r\n", "x")->empty());
}

TEST(Toml, points_at_the_error) {
    const auto table = parse_toml("a = 1\nport = 25s\n", "/etc/posthaste/posthaste.toml");
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().kind, ErrorKind::syntax);
    EXPECT_THAT(table.error().text, StartsWith("/etc/posthaste/posthaste.toml:2:10: "));
    EXPECT_THAT(table.error().text, HasSubstr("\n    2 | port = 25s\n      |          ^"));
    EXPECT_FALSE(table.error().mend.empty());
}

TEST(Toml, refuses_what_is_not_toml) {
    struct Row {
        const char* name;
        std::string_view text;
        std::string_view place;
    };

    constexpr Row kRows[] = {
        {"a key twice", "a = 1\na = 2", "x:2:"},
        {"a table twice", "[a]\n[a]", "x:2:"},
        {"no value", "a =\n", "x:1:"},
        {"a string that does not end", "a = \"b\nc = 1", "x:1:"},
        {"not UTF-8", "a = \"\xfc\"", "x:1:"},
        {"a NUL", {"a = \"\0\"", 7}, "x:1:"},
        {"a bare word", "a = yes", "x:1:"},
        {"an integer too large", "a = 9223372036854775808", "x:1:"},
        {"typographic quotes", "a = 1\nb\t= \xe2\x80\x9cx\xe2\x80\x9d", "x:2:5: "},
        {"a bare word with an accent", "a = 'caf\xc3\xa9' caf\xc3\xa9", "x:1:15: "},
        {"a quote inside a word", "a = 2\"b\"", "x:1:6: "},
        {"two strings in one", "a = 'b''c'", "x:1:8: "},
        {"a header without a name", "a = 1\n[\n(", "x:2:1: "},
        {"a header without a name, indented", "a = 1\n\n  [(]\nb = 2\n", "x:3:3: "},
        {"a header without a name at the end", "[(", "x:1:1: "},
        {"other lines of text", "\n\n  <html>", "x:3:"},
    };
    for (const Row& row : kRows) {
        const auto table = parse_toml(row.text, "x");
        ASSERT_FALSE(table) << row.name;
        EXPECT_EQ(table.error().kind, ErrorKind::syntax) << row.name;
        EXPECT_THAT(table.error().text, StartsWith(std::string(row.place))) << row.name;
    }
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

TEST(Toml, nesting_has_bounds) {
    struct Row {
        const char* name;
        std::string text;
        bool good;
    };

    const Row rows[] = {
        {"lists", "a = " + repeat("[", 500'000), false},
        {"inline tables", "a = " + repeat("{a=", 300'000), false},
        {"a key of many parts", repeat("a.", 500'000) + "a = 1", false},
        {"quoted parts", repeat("\".\" . ", 100'000) + "a = 1", false},
        {"parts with separators in them", repeat("'=,' . ", 100'000) + "a = 1", false},
        {"a header of many parts", "[" + repeat("a.", 500'000) + "a]", false},
        {"parts in an inline table", "x = { " + repeat("b.", 500'000) + "b = 1 }", false},
        {"as many parts as allowed", repeat("a.", 31) + "a = 1", true},
        {"one part more", repeat("a.", 32) + "a = 1", false},
        {"many addresses on a line", "a = [" + repeat("'10.0.0.1',", 1000) + "]", true},
        {"many numbers with points", "a = [" + repeat("1.5,", 1000) + "]", true},
        {"points in a string", "a = \"" + repeat(".", 1000) + "\"", true},
        {"points in lines of text", "a = '''\n" + repeat(".", 1000) + "'''", true},
        {"points behind an escaped quote", R"(a = "\")" + repeat(".", 1000) + "\"", true},
        {"points in a comment", "# a" + repeat(".", 1000) + "\na = 1", true},
        {"too large", repeat("#", kMaxTomlOctets + 1), false},
    };
    for (const Row& row : rows)
        EXPECT_EQ(parse_toml(row.text, "x").has_value(), row.good) << row.name;
    EXPECT_EQ(parse_toml(rows[15].text, "x").error().kind, ErrorKind::too_large);
}

TEST(TomlExcerpt, shows_the_line) {
    EXPECT_EQ(toml_excerpt("a = 1\r\n\tb = 2", {2, 6}), "    2 |  b = 2\n      |      ^");
    EXPECT_EQ(toml_excerpt("a = 1", {1, 0}), "    1 | a = 1\n      | ^");
    EXPECT_EQ(toml_excerpt("a = 1", {2, 1}), "");
    EXPECT_EQ(toml_excerpt("a = 1\n", {0, 0}), "");
    EXPECT_EQ(toml_excerpt("a = \"\x1b[2J\"", {1, 5}), "    1 | a = \"\\x1b[2J\"\n      |     ^");
    EXPECT_LT(toml_excerpt(std::string(1'000'000, 'a'), {1, 999'999}).size(), 200U);
}

TEST(TomlExcerpt, shows_no_secret) {
    for (const std::string_view line :
         {"password = \"hunter2", "Relay-Passwd = 'hunter2", "api_token = hunter2",
          "a = { secret = \"hunter2", "url = \"postgresql://posthaste:hunter2@db",
          "\"private key\" = hunter2"}) {
        const auto table = parse_toml(line, "x");
        ASSERT_FALSE(table);
        EXPECT_THAT(table.error().text, Not(HasSubstr("hunter2"))) << line;
    }
    EXPECT_EQ(toml_excerpt("password = \"hunter2\"", {1, 12}), "    1 | password = (not shown)");
    EXPECT_THAT(toml_excerpt("password_file = \"relay\"", {1, 1}), HasSubstr("relay"));
    EXPECT_THAT(toml_excerpt("a = {password_file = 'x', password = 'hunter2'}", {1, 1}),
                Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace posthaste::formats
