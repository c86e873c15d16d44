#include "mail/mime/header_repair.h"

#include "base/ascii.h"
#include "mail/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

using testing::HasSubstr;

std::string repaired(std::string_view block, const HeaderWish& wish = {},
                     HeaderRepair* what = nullptr) {
    auto header = HeaderBlock::parse(block).value();
    const auto repair = repair_header(header, wish);
    if (!repair) return repair.error().text;
    if (what != nullptr) *what = *repair;
    EXPECT_TRUE(HeaderBlock::parse(header.to_string())) << block.substr(0, 100);
    return header.to_string();
}

struct Case {
    std::string_view before, after;
};

class Repaired : public testing::TestWithParam<Case> {};

TEST_P(Repaired, as_the_table_says) {
    EXPECT_EQ(repaired(GetParam().before), GetParam().after);
    EXPECT_EQ(repaired(GetParam().after), GetParam().after);  // and a second time nothing
}

INSTANTIATE_TEST_SUITE_P(
    Fields, Repaired,
    testing::Values(Case{"Subject: plain\r\n", "Subject: plain\r\n"},
                    Case{"Subject:\tGr\xc3\xbc\xc3\x9f"
                         "e aus K\xc3\xb6ln an alle\r\n",
                         "Subject: =?utf-8?Q?Gr=C3=BC=C3=9F"
                         "e?= aus =?utf-8?Q?K=C3=B6ln?= an alle\r\n"},
                    // Between two encoded words the space would vanish, so it goes inside.
                    Case{"Subject: a\xc3\xa4 \xc3\xb6\r\n",
                         "Subject: =?utf-8?Q?a=C3=A4_=C3=B6?=\r\n"},
                    Case{"Subject: =?utf-8?Q?a?= \xc3\xb6 =?utf-8?Q?b?=\r\n",
                         "Subject: =?utf-8?Q?a?= =?utf-8?Q?_=C3=B6_?= =?utf-8?Q?b?=\r\n"},
                    Case{"Subject: b\xe4 latin\r\n", "Subject: =?utf-8?Q?b=C3=A4?= latin\r\n"},
                    Case{"Subject: \xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\r\n",
                         "Subject: =?utf-8?B?0J/RgNC40LLQtdGC?=\r\n"},
                    Case{"From: J\xc3\xbcrgen M\xc3\xbcller <j@example.com>\r\n",
                         "From: =?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <j@example.com>\r\n"},
                    Case{"From: \"M\xc3\xbcller, J\xc3\xbcrgen\"<j@example.com>\r\n",
                         "From: =?utf-8?Q?M=C3=BCller=2C_J=C3=BCrgen?= <j@example.com>\r\n"},
                    Case{"To: a@example.com (B\xc3\xbcro), \"x\" <b@example.com>\r\n",
                         "To: a@example.com (=?utf-8?Q?B=C3=BCro?=), \"x\" <b@example.com>\r\n"},
                    Case{"Cc: G\xc3\xa4ste: a@example.com;\r\n",
                         "Cc: =?utf-8?Q?G=C3=A4ste?=: a@example.com;\r\n"},
                    Case{"To: anna@m\xc3\xbcller.example, <b@m\xc3\xbcller.example>\r\n",
                         "To: anna@xn--mller-kva.example, <b@xn--mller-kva.example>\r\n"},
                    Case{"Content-Disposition: attachment; filename=\"\xc3\x9c"
                         "ber.txt\"; size=3\r\n",
                         "Content-Disposition: attachment; filename*=utf-8''%C3%9C"
                         "ber.txt; size=3\r\n"},
                    Case{"Content-Type: text/plain; name=\xc3\x9c.txt; name*=utf-8''%C3%9C.txt\r\n",
                         "Content-Type: text/plain; name*=utf-8''%C3%9C.txt\r\n"},
                    Case{"List-Unsubscribe: <https://example.com/\xc3\xbc>\r\n",
                         "List-Unsubscribe: <https://example.com/%C3%BC>\r\n"},
                    Case{"References: <a\xc3\xbc@b>\r\n", "References: <a?@b>\r\n"},
                    Case{"X-Odd: a\xff\r\n\tb\r\n", "X-Odd: =?utf-8?Q?a=C3=BF?=\r\n\tb\r\n"}));

TEST(RepairHeader, leaves_utf8_where_the_message_needs_smtputf8) {
    HeaderWish wish;
    wish.keep_utf8 = true;
    EXPECT_EQ(repaired("Subject: \xc3\xbc\r\n", wish), "Subject: \xc3\xbc\r\n");
    EXPECT_EQ(repaired("Subject: \xfc\r\n", wish), "Subject: =?utf-8?B?w7w=?=\r\n");
}

TEST(RepairHeader, octets_are_read_in_the_charset_of_the_body) {
    HeaderWish wish;
    wish.charset = "iso-8859-2";
    EXPECT_EQ(repaired("Subject: \xb3\r\n", wish), "Subject: =?utf-8?B?xYI=?=\r\n");
    wish.charset = "x-unknown";
    EXPECT_EQ(repaired("Subject: \x80\r\n", wish), "Subject: =?utf-8?B?4oKs?=\r\n");
}

TEST(RepairHeader, an_address_that_ascii_cannot_say_stays_and_is_told) {
    HeaderRepair what;
    EXPECT_EQ(repaired("To: J\xc3\xb6 <j\xc3\xb6@example.com>\r\n", {}, &what),
              "To: =?utf-8?Q?J=C3=B6?= <j\xc3\xb6@example.com>\r\n");
    EXPECT_TRUE(what.needs_utf8);
    EXPECT_TRUE(has_utf8_address(HeaderBlock::parse("Cc: <j\xc3\xb6@example.com>\r\n").value()));
    EXPECT_FALSE(has_utf8_address(HeaderBlock::parse("Cc: J\xc3\xb6 <j@\xc3\xb6.example>\r\n"
                                                     "Subject: a\xc3\xb6@b\r\n")
                                      .value()));
}

TEST(RepairHeader, long_names_and_file_names_are_spread_over_lines) {
    std::string long_name;
    for (int i = 0; i < 60; ++i) long_name += "\xc3\xbc";
    const std::string out =
        repaired("Subject: " + long_name + "\r\n" + "Content-Disposition: attachment; filename=\"" +
                 long_name + ".pdf\"\r\n");
    EXPECT_THAT(out, HasSubstr("filename*0*=utf-8''%C3%BC"));
    EXPECT_THAT(out, HasSubstr("filename*3*="));
    for (std::size_t at = 0, end = 0; at < out.size(); at = end + 2) {
        end = out.find("\r\n", at);
        EXPECT_LE(end - at, 78U) << out.substr(at, end - at);
    }
    const auto header = HeaderBlock::parse(out).value();
    EXPECT_EQ(decode_words(header.find("Subject")->unfolded()), long_name);
}

TEST(RepairHeader, long_lines_are_folded_and_short_ones_left) {
    std::string references = "References:";
    for (int i = 0; i < 100; ++i) references += " <" + std::to_string(i) + "@mail.example.com>";
    HeaderRepair what;
    const std::string out = repaired(references + "\r\nX-A:  b\r\n", {}, &what);
    EXPECT_EQ(what.folded, 1U);
    EXPECT_THAT(out, HasSubstr("\r\nX-A:  b\r\n"));
    const auto header = HeaderBlock::parse(out).value();
    EXPECT_EQ(header.find("References")->unfolded(), references.substr(12));
    EXPECT_LE(out.find("\r\n"), 998U);

    std::string to = "To: a0@example.com";
    for (int i = 1; i < 100; ++i) to += ",a" + std::to_string(i) + "@example.com";
    const auto folded = HeaderBlock::parse(repaired(to + "\r\n")).value();
    EXPECT_EQ(parse_address_list(folded.find("To")->body())->size(), 100U);

    const std::string word(1200, 'x');
    const auto encoded = HeaderBlock::parse(repaired("Subject: " + word + "\r\n")).value();
    EXPECT_EQ(decode_words(encoded.find("Subject")->unfolded()), word);
    EXPECT_THAT(repaired("Message-ID: <" + word + "@b>\r\n"),
                HasSubstr("the field Message-ID has"));
}

TEST(RepairHeader, hostile_fields_cost_linear_time) {
    std::string parameters = "Content-Type: a/b";
    while (parameters.size() < 1'000'000) parameters += ";\xff=\"";
    std::string comments = "From: " + std::string(500'000, '(') + "\xff\r\n";
    std::string angles = "To: ";
    while (angles.size() < 500'000) angles += "<\xff";
    for (const std::string& field : {parameters + "\r\n", comments, angles + "\r\n"})
        static_cast<void>(repaired(field));
}

}  // namespace
}  // namespace posthaste::mail
