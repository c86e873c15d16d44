#include "base/utf8.h"

#include <gtest/gtest.h>

namespace posthaste::utf8 {
namespace {

struct Row {
    const char* name;
    std::string_view text;
    bool valid;
};

constexpr Row kRows[] = {
    {"empty", "", true},
    {"ASCII with NUL", {"a\0b", 3}, true},
    {"two octets", "\xc2\x80\xdf\xbf", true},
    {"three octets", "\xe0\xa0\x80\xef\xbf\xbf", true},
    {"four octets", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true},
    {"just below the surrogates", "\xed\x9f\xbf", true},
    {"just above the surrogates", "\xee\x80\x80", true},
    {"overlong slash in two", "\xc0\xaf", false},
    {"overlong in two", "\xc1\xbf", false},
    {"overlong in three", "\xe0\x9f\xbf", false},
    {"overlong in four", "\xf0\x8f\xbf\xbf", false},
    {"low surrogate bound", "\xed\xa0\x80", false},
    {"high surrogate bound", "\xed\xbf\xbf", false},
    {"above U+10FFFF", "\xf4\x90\x80\x80", false},
    {"five octets", "\xf8\x88\x80\x80\x80", false},
    {"a continuation alone", "\x80", false},
    {"cut after one of two", "a\xc3", false},
    {"cut after two of three", "\xe2\x82", false},
    {"cut after three of four", "\xf0\x9f\x98", false},
    {"a letter for a continuation", "\xe2\x82z", false},
    {"ff", "\xff", false},
};

TEST(Utf8, is_strict) {
    for (const Row& row : kRows) EXPECT_EQ(is_valid(row.text), row.valid) << row.name;
}

TEST(Utf8, what_is_not_valid_becomes_printable) {
    for (const Row& row : kRows) {
        const std::string shown = printable(row.text, 1000);
        EXPECT_TRUE(is_valid(shown)) << row.name;
        EXPECT_EQ(printable(shown, 1000), shown) << row.name;
    }
}

TEST(Utf8, latin1_becomes_utf8) {
    EXPECT_EQ(from_latin1("M\xfcller\x80\xff"), "M\xc3\xbcller\xc2\x80\xc3\xbf");
    EXPECT_EQ(from_latin1(""), "");
}

TEST(Utf8, clips_at_a_character) {
    const std::string_view text = "a\xe2\x82\xac\xf0\x9f\x98\x80";  // a, euro, face
    constexpr std::size_t kExpected[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 8};
    for (std::size_t max = 0; max < std::size(kExpected); ++max)
        EXPECT_EQ(clip(text, max), text.substr(0, kExpected[max])) << max;
    EXPECT_EQ(clip("\x80\x80\x80\x80\x80\x80", 5).size(), 5U) << "not UTF-8: cut anywhere";
}

struct Shown {
    const char* name;
    std::string_view text;
    std::string_view shown;
};

constexpr Shown kShown[] = {
    {"plain text", "550 5.1.1 no such user", "550 5.1.1 no such user"},
    {"other scripts",
     "Gr\xc3\xbc\xc3\x9f"
     "e \xe2\x82\xac",
     "Gr\xc3\xbc\xc3\x9f"
     "e \xe2\x82\xac"},
    {"a forged second line", "ok\r\nlevel=error", "ok\\x0d\\x0alevel=error"},
    {"a tab", "a\tb", "a\\x09b"},
    {"a terminal's escape", "\x1b[2J", "\\x1b[2J"},
    {"the escape in C1",
     "\xc2\x9b"
     "2J",
     "\\xc2\\x9b2J"},
    {"DEL", "\x7f", "\\x7f"},
    {"text turned round",
     "a\xe2\x80\xae"
     "gpj.exe",
     "a\\xe2\\x80\\xaegpj.exe"},
    {"a line separator",
     "a\xe2\x80\xa8"
     "b",
     "a\\xe2\\x80\\xa8b"},
    {"Latin-1", "M\xfcller", "M\\xfcller"},
    {"a cut character", "a\xe2\x82", "a\\xe2\\x82"},
    {"a NUL", {"\0", 1}, "\\x00"},
};

TEST(Utf8, hostile_text_cannot_act) {
    for (const Shown& row : kShown) EXPECT_EQ(printable(row.text, 100), row.shown) << row.name;
}

TEST(Utf8, printable_keeps_its_bound_and_cuts_no_escape) {
    EXPECT_EQ(printable("ab\x01", 5), "ab");
    EXPECT_EQ(printable("ab\x01", 6), "ab\\x01");
    EXPECT_EQ(printable("\xe2\x82\xac", 2), "");
    EXPECT_EQ(printable(std::string(1'000'000, '\xff'), 100).size(), 100U);
}

}  // namespace
}  // namespace posthaste::utf8
