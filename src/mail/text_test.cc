#include "mail/text.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

TEST(Readable, makes_hostile_text_harmless) {
    EXPECT_EQ(readable("  a \t\r\n b  ", 50), "a b");
    EXPECT_EQ(readable("a\x1b[31m", 50), "a\\x1b[31m");
    EXPECT_EQ(readable("a\xff", 50), "a\\xff");
    EXPECT_EQ(readable("exe\xe2\x80\xaegpj", 50), "exegpj");
    EXPECT_EQ(readable("\xef\xbb\xbfhi\xe2\x81\xa6", 50), "hi");
    EXPECT_EQ(readable("\xc3\xa4\xc3\xb6\xc3\xbc", 2), "\xc3\xa4\xc3\xb6...");
    EXPECT_EQ(readable("abc", 3), "abc");
    EXPECT_EQ(readable("ab cd", 3), "ab...");
    EXPECT_EQ(readable_ascii("caf\xc3\xa9", 50), "caf\\xC3\\xA9");
}

TEST(DecodeWords, reads_what_it_can) {
    EXPECT_EQ(decode_words("plain = ?text? =?="), "plain = ?text? =?=");
    EXPECT_EQ(decode_words("=?utf-8?Q?Gr=C3=BC=C3=9Fe_x?= ok"),
              "Gr\xc3\xbc\xc3\x9f"
              "e x ok");
    EXPECT_EQ(decode_words("=?UTF-8*de?b?w7w=?="), "\xc3\xbc");
    EXPECT_EQ(decode_words("=?iso-8859-1?q?=FC?="), "\xc3\xbc");
    EXPECT_EQ(decode_words("=?us-ascii?q?a?= \t =?utf-8?q?b?= c"), "ab c");
    // A character split over two words, which RFC 2047 forbids and mail programs do.
    EXPECT_EQ(decode_words("=?utf-8?q?=C3?= =?utf-8?q?=BC?="), "\xc3\xbc");
    EXPECT_EQ(decode_words("=?windows-1252?Q?Angebot_=80_500?="), "Angebot € 500");
    EXPECT_EQ(decode_words("=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?="), "日本語");
    EXPECT_EQ(decode_words("=?gb2312?B?xOO6ww==?="), "你好");
    EXPECT_EQ(decode_words("=?koi8-r?B?8NLJ18XU?= =?koi8-r?Q?=F0?="), "ПриветП");
    for (const auto* raw : {"=?x-unknown?Q?=C3?=", "=?gb2312?Q?=C4?=", "=?utf-8?Q?=C3?=",
                            "=?utf-8?Q?=ZZ?=", "=?utf-8?B?***?=", "=?utf-8?X?a?=",
                            "=?utf-8?Q?a b?=", "=?utf-8?Q?a", "=?utf-8?Q", "=?utf-8", "=?"}) {
        EXPECT_EQ(decode_words(raw), raw);
    }
}

TEST(FindEncodedWord, sees_whole_and_cut_ones) {
    EXPECT_EQ(find_encoded_word("Re: =?x-unknown?B?AAAA?="), 4U);
    EXPECT_EQ(find_encoded_word("=?x-unknown?q?cut here"), 0U);
    EXPECT_EQ(find_encoded_word("=?=?utf-8?Q?"), 2U);
    for (const auto* text :
         {"", "=?", "is 2=?3 or 4", "what =? ?b? that", "=??Q?x?=", "=?a?X?b?="}) {
        EXPECT_EQ(find_encoded_word(text), std::string_view::npos) << text;
    }
}

TEST(EncodeWords, are_short_and_decode_again) {
    EXPECT_EQ(encode_words("plain \"text\""), "plain \"text\"");
    EXPECT_EQ(encode_words("\xc3\xbc x"), "=?utf-8?Q?=C3=BC_x?=");
    std::string text = "=?utf-8?Q?a?= ";
    for (int i = 0; i < 100; ++i) text += "\xe2\x82\xac ";
    const std::string words = encode_words(text);
    EXPECT_EQ(decode_words(words), text) << words;
    std::size_t line = 0;
    for (const char c : words) {
        line = c == '\n' ? 0 : line + 1;
        EXPECT_LE(line, 67U);
    }
}

TEST(QuotedPrintable, keeps_text_readable_and_every_octet) {
    EXPECT_EQ(quoted_printable("a=b\r\n"), "a=3Db\r\n");
    EXPECT_EQ(quoted_printable("x \r\n\t\r\ny "), "x=20\r\n=09\r\ny=20");
    EXPECT_EQ(quoted_printable(std::string("\r\n\0\n\rz", 6)), "\r\n=00=0A=0Dz");
    EXPECT_EQ(quoted_printable("\xc3\xbc"), "=C3=BC");
    EXPECT_EQ(quoted_printable(std::string(76, 'a') + "\r\n"), std::string(76, 'a') + "\r\n");
    EXPECT_EQ(quoted_printable(std::string(77, 'a')), std::string(75, 'a') + "=\r\naa");
    for (std::size_t n = 70; n < 80; ++n) {
        const std::string out = quoted_printable(std::string(n, 'a') + "=b \r\nc");
        EXPECT_LE(out.find("\r\n"), 76U) << out;
    }
}

TEST(Wrap, breaks_at_spaces) {
    EXPECT_EQ(wrap("one two three", 7, " "), "one two\r\n three");
    EXPECT_EQ(wrap("one", 7, " "), "one");
    EXPECT_EQ(wrap("", 7, " "), "");
    EXPECT_EQ(wrap("averylongword x", 7, ">"), "averylongword\r\n>x");
    EXPECT_EQ(wrap("x averylongword", 7, ">"), "x\r\n>averylongword");
    EXPECT_EQ(wrap("\xc3\xbc\xc3\xbc \xc3\xbc\xc3\xbc", 5, " "),
              "\xc3\xbc\xc3\xbc \xc3\xbc\xc3\xbc");
    EXPECT_EQ(wrap("a      b", 4, " "), "a     \r\n b");
}

TEST(Wrap, never_leaves_a_long_or_a_blank_line) {
    for (const std::string& text :
         {std::string(5000, 'x'), std::string(1500, ' ') + "x", "x" + std::string(899, ' ') + "y",
          std::string(950, 'x') + " y"}) {
        std::string_view out;
        const std::string wrapped = wrap(text, 70, " ");
        out = wrapped;
        while (!out.empty()) {
            const auto end = std::min(out.find("\r\n"), out.size());
            EXPECT_LE(end, 960U);
            out.remove_prefix(std::min(end + 2, out.size()));
        }
    }
    std::string euros;
    for (int i = 0; i < 1000; ++i) euros += "\xe2\x82\xac";
    EXPECT_EQ(wrap(euros, 70, "").substr(0, 3), "\xe2\x82\xac");
}

TEST(Xtext, is_decoded) {
    EXPECT_EQ(decode_xtext("Bob+40example.org"), "Bob@example.org");
    EXPECT_EQ(decode_xtext("a+2Bb+3D"), "a+b=");
    EXPECT_EQ(decode_xtext("a+2"), "a+2");
    EXPECT_EQ(decode_xtext("a+zz"), "a+zz");
}

TEST(CleanContent, is_what_may_travel_as_it_is) {
    EXPECT_TRUE(is_clean_content(""));
    EXPECT_TRUE(is_clean_content("a\r\n\r\n\xff\r\n"));
    EXPECT_TRUE(is_clean_content(std::string(998, 'a') + "\r\n"));
    EXPECT_FALSE(is_clean_content(std::string(999, 'a') + "\r\n"));
    EXPECT_FALSE(is_clean_content("a"));
    EXPECT_FALSE(is_clean_content("a\nb\r\n"));
    EXPECT_FALSE(is_clean_content("a\r\r\n"));
    EXPECT_FALSE(is_clean_content(std::string("\0\r\n", 3)));
}

TEST(EscapeUnicode, follows_rfc_6533) {
    EXPECT_EQ(escape_unicode("j\xc3\xb6+x=@b.org"), "j\\x{F6}\\x{2B}x\\x{3D}@b.org");
    EXPECT_EQ(escape_unicode("\xf0\x9f\x98\x80\\ "), "\\x{1F600}\\x{5C}\\x{20}");
    EXPECT_EQ(unescape_unicode("j\\x{F6}\\x{2b}\\x{20AC}\\x{1F600}x"), "jö+€😀x");
    for (const auto* text : {"\\", "\\x{", "\\x{}", "\\x{FC", "\\x{GG}", "\\x{D800}", "\\x{110000}",
                             "\\x{0000041}", "x{41}"}) {
        EXPECT_EQ(unescape_unicode(text), text);
    }
}

}  // namespace
}  // namespace posthaste::mail
