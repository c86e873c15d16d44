#include "formats/json.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace posthaste::formats {
namespace {

TEST(JsonWriter, writes_every_kind) {
    JsonWriter json;
    json.begin_object()
        .member("text", "a \"b\" \\ \n\t\x01\x7f")
        .member("whole", -5)
        .member("large", std::numeric_limits<std::uint64_t>::max())
        .member("least", std::numeric_limits<std::int64_t>::min())
        .member("share", 0.25)
        .member("yes", true)
        .member("nothing", nullptr)
        .member("absent", std::optional<int>())
        .member("present", std::optional<std::string>("x"))
        .member("nan", std::nan(""))
        .key("list")
        .begin_array()
        .value(std::string("a"))
        .begin_object()
        .end_object()
        .begin_array()
        .end_array()
        .value(1U)
        .end_array()
        .end_object();
    EXPECT_EQ(std::move(json).take(),
              "{\"text\":\"a \\\"b\\\" \\\\ "
              "\\n\\u0009\\u0001\\u007f\",\"whole\":-5,\"large\":18446744073709551615,"
              "\"least\":-9223372036854775808,\"share\":0.25,\"yes\":true,\"nothing\":null,"
              "\"absent\":null,"
              "\"present\":\"x\",\"nan\":null,\"list\":[\"a\",{},[],1]}");
}

TEST(JsonWriter, a_single_value_is_a_text) {
    JsonWriter json;
    json.value("x");
    EXPECT_EQ(std::move(json).take(), "\"x\"");
}

TEST(JsonWriter, whatever_the_octets_the_text_is_valid) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    for (const std::string& text : {all, all.substr(0, 128), std::string("M\xfcller"),
                                    std::string("\xed\xa0\x80"), std::string()}) {
        JsonWriter json;
        json.begin_object().member(text, text).end_object();
        const auto back = JsonValue::parse(std::move(json).take());
        ASSERT_TRUE(back) << back.error().text;
        ASSERT_EQ(back->members().size(), 1U);
        EXPECT_EQ(back->members()[0].key, back->members()[0].value.as_string());
    }
}

TEST(JsonWriterDeathTest, calls_out_of_order_are_faults_of_ours) {
    EXPECT_DEATH(JsonWriter().begin_object().value(1), "assertion failed");
    EXPECT_DEATH(JsonWriter().begin_array().key("a"), "assertion failed");
    EXPECT_DEATH(JsonWriter().begin_array().end_object(), "assertion failed");
    EXPECT_DEATH(JsonWriter().begin_object().key("a").end_object(), "assertion failed");
    EXPECT_DEATH(JsonWriter().begin_object().key("a").key("b"), "assertion failed");
    EXPECT_DEATH(JsonWriter().value(1).value(2), "assertion failed");
    EXPECT_DEATH(std::move(JsonWriter().begin_array()).take(), "assertion failed");
    EXPECT_DEATH(JsonWriter().take(), "assertion failed");
}

TEST(JsonValue, reads_a_tree) {
    const auto json = JsonValue::parse(
        R"( {"from":"anna@x","to":["b","c\u00fc\n"],"size":-7,"half":0.5,"ok":true,"none":null,"deep":{"a":[]}} )");
    ASSERT_TRUE(json) << json.error().text;
    ASSERT_TRUE(json->is_object());
    EXPECT_EQ(json->find("from")->as_string(), "anna@x");
    ASSERT_TRUE(json->find("to")->is_array());
    EXPECT_EQ(json->find("to")->items()[1].as_string(), "c\xc3\xbc\n");
    EXPECT_EQ(json->find("size")->as_int(), -7);
    EXPECT_EQ(json->find("half")->as_double(), 0.5);
    EXPECT_EQ(json->find("half")->as_int(), std::nullopt);
    EXPECT_EQ(json->find("ok")->as_bool(), true);
    EXPECT_TRUE(json->find("none")->is_null());
    EXPECT_TRUE(json->find("deep")->find("a")->items().empty());
    EXPECT_EQ(json->find("absent"), nullptr);
    EXPECT_EQ(json->members()[0].key, "from") << "the order of the text";
    EXPECT_EQ(json->members().size(), 7U);
}

TEST(JsonValue, another_kind_is_nothing) {
    const auto json = JsonValue::parse("\"5\"");
    ASSERT_TRUE(json);
    EXPECT_EQ(json->as_int(), std::nullopt);
    EXPECT_EQ(json->as_bool(), std::nullopt);
    EXPECT_EQ(json->as_double(), std::nullopt);
    EXPECT_TRUE(json->items().empty());
    EXPECT_TRUE(json->members().empty());
    EXPECT_EQ(json->find("x"), nullptr);
    EXPECT_EQ(JsonValue::parse("1")->as_string(), std::nullopt);
}

TEST(JsonValue, whole_numbers_are_never_rounded) {
    struct Row {
        const char* name;
        std::string_view text;
        std::optional<std::int64_t> number;
    };

    constexpr Row kRows[] = {
        {"the largest", "9223372036854775807", std::numeric_limits<std::int64_t>::max()},
        {"the smallest", "-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
        {"one more", "9223372036854775808", std::nullopt},
        {"written with a point", "5.0", 5},
        {"written with an exponent", "1e3", 1000},
        {"a fraction", "5.5", std::nullopt},
        {"where doubles have gaps", "1e16", std::nullopt},
        {"huge", "1e300", std::nullopt},
        {"minus zero", "-0", 0},
    };
    for (const Row& row : kRows)
        EXPECT_EQ(JsonValue::parse(row.text)->as_int(), row.number) << row.name;
}

TEST(JsonValue, numbers_are_the_nearest_double) {
    EXPECT_EQ(JsonValue::parse("95555333333333333333333")->as_double(), 95555333333333333333333.0);
    EXPECT_EQ(JsonValue::parse("0.1")->as_double(), 0.1);
    EXPECT_EQ(JsonValue::parse("18446744073709551615")->as_double(), 18446744073709551615.0);
    EXPECT_EQ(JsonValue::parse("1.7976931348623157e308")->as_double(), 1.7976931348623157e308);
    EXPECT_EQ(JsonValue::parse("1e400").error().kind, ErrorKind::syntax);
    EXPECT_EQ(JsonValue::parse("[1.5,2,0.25]")->items()[2].as_double(), 0.25);
}

TEST(JsonValue, refuses_what_is_not_json) {
    struct Row {
        const char* name;
        std::string_view text;
    };

    constexpr Row kRows[] = {
        {"empty", ""},
        {"white space", " \n"},
        {"cut object", "{\"a\":1"},
        {"cut string", "\"abc"},
        {"two values", "1 2"},
        {"text behind", "{}x"},
        {"a comma too many", "[1,]"},
        {"a comment", "[1/*x*/]"},
        {"single quotes", "'a'"},
        {"a bare key", "{a:1}"},
        {"NaN", "NaN"},
        {"a leading zero", "01"},
        {"a plus", "+1"},
        {"a raw line end", "\"a\nb\""},
        {"a NUL", {"\"a\0\"", 4}},
        {"Latin-1", "\"M\xfcller\""},
        {"half a surrogate pair", R"("\ud800")"},
        {"a byte order mark", "\xef\xbb\xbf{}"},
        {"a key twice", R"({"to":"a","x":1,"to":"b"})"},
        {"a key twice by its escape", R"({"to":"a","\u0074o":"b"})"},
    };
    for (const Row& row : kRows) {
        const auto json = JsonValue::parse(row.text);
        ASSERT_FALSE(json) << row.name;
        EXPECT_EQ(json.error().kind, ErrorKind::syntax) << row.name;
    }
    EXPECT_EQ(JsonValue::parse("{} x").error().text,
              "not valid JSON at octet 4: text behind the value");
}

TEST(JsonValue, has_bounds) {
    const auto nested = [](std::size_t depth) {
        return JsonValue::parse(std::string(depth, '[') + std::string(depth, ']'));
    };
    EXPECT_TRUE(nested(kMaxJsonDepth));
    EXPECT_EQ(nested(kMaxJsonDepth + 1).error().kind, ErrorKind::too_large);
    EXPECT_EQ(JsonValue::parse(std::string(1'000'000, '[')).error().kind, ErrorKind::too_large);
    EXPECT_TRUE(JsonValue::parse("[1,2]", {.max_values = 3}));
    EXPECT_EQ(JsonValue::parse("[1,2,3]", {.max_values = 3}).error().kind, ErrorKind::too_large);
    EXPECT_EQ(JsonValue::parse("[1]", {.max_octets = 2}).error().kind, ErrorKind::too_large);
}

}  // namespace
}  // namespace posthaste::formats
