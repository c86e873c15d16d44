#include "mail/mime/charset.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

TEST(Charset, every_set_reads_its_own_letters) {
    struct Row {
        const char* charset;
        const char* octets;
        const char* text;
    };

    const Row rows[] = {
        {"windows-1252", "\x80 500", "€ 500"},
        {"Windows-1250", "\xe8", "č"},
        {"windows-1251", "\xcf\xf0\xe8", "При"},
        {"WINDOWS-1253", "\xe1", "α"},
        {"windows-1254", "\xfe", "ş"},
        {"windows-1255", "\xe0", "א"},
        {"windows-1256", "\xc7", "ا"},
        {"windows-1257", "\xe0", "ą"},
        {"iso-8859-2", "\xb9", "š"},
        {"iso-8859-5", "\xbf", "П"},
        {"iso-8859-7", "\xe1", "α"},
        {"iso-8859-8-i", "\xe0", "א"},
        {"iso-8859-9", "\xfe", "ş"},
        {"ISO-8859-15", "\xa4", "€"},
        {"koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
        {"KOI8-U", "\xa6", "і"},
        {"gb2312", "\xc4\xe3\xba\xc3", "你好"},
        {"gb2312", "\xe9\x46", "镕"},  // of GBK only, sent under this name all the same
        {"GB18030", "\xc4\xe3", "你"},
        {"big5", "\xa7\x41", "你"},
        {"iso-2022-jp", "\x1b$BF|K\\\x1b(B", "日本"},
        {"Shift_JIS", "\x93\xfa\x96\x7b", "日本"},
        {"euc-jp", "\xc6\xfc\xcb\xdc", "日本"},
        {"euc-kr", "\xc7\xd1", "한"},
        {"ks_c_5601-1987", "\xc7\xd1", "한"},
        {"tis-620", "\xa1", "ก"},
        {"koi8-r", "", ""},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(to_utf8(row.charset, row.octets), row.text) << row.charset;
    }
}

TEST(Charset, what_is_no_text_of_it_is_nothing) {
    EXPECT_EQ(to_utf8("gb2312", "\xc4"), std::nullopt);        // half a character
    EXPECT_EQ(to_utf8("iso-2022-jp", "\xc4"), std::nullopt);   // eight bits in seven
    EXPECT_EQ(to_utf8("windows-1252", "\x81"), std::nullopt);  // means nothing
    EXPECT_EQ(to_utf8("euc-jp", "\xff\xff"), std::nullopt);
    EXPECT_EQ(to_utf8("koi8-r", std::string(1025, 'a')), std::nullopt);
}

TEST(Charset, a_stranger_names_no_table_of_the_machine) {
    for (const auto* name : {"", "utf-7", "UTF-16", "ISO-2022-CN-EXT", "EBCDIC-INT",
                             "koi8-r//IGNORE", "../../tmp/x", "x-unknown"}) {
        EXPECT_EQ(to_utf8(name, "a"), std::nullopt) << name;
    }
}

}  // namespace
}  // namespace posthaste::mail
