#include "mail/header.h"

#include "mail/fixup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

using testing::ElementsAre;

std::vector<std::string> names(const HeaderBlock& header) {
    std::vector<std::string> out;
    for (const auto& field : header.fields()) out.push_back(field.name);
    return out;
}

TEST(HeaderBlock, keeps_every_octet) {
    const std::string block =
        "Received: one\r\n\ttwo\r\n three\r\nSUBJECT  :  caf\xe9 \r\nFrom:a@b\r\nX:\r\nX-Blank: "
        "x\r\n \r\n y\r\n";
    const auto header = HeaderBlock::parse(block).value();
    EXPECT_THAT(names(header), ElementsAre("Received", "SUBJECT", "From", "X", "X-Blank"));
    EXPECT_EQ(header.to_string(), block);
    EXPECT_EQ(header.find("subject")->body(), "  caf\xe9 ");
    EXPECT_EQ(header.find("subject")->unfolded(), "caf\xe9");
    EXPECT_EQ(header.find("received")->unfolded(), "one\ttwo three");
    EXPECT_EQ(header.find("x")->body(), "");
    EXPECT_EQ(header.find("Nope"), nullptr);
}

TEST(HeaderBlock, empty_block_has_no_fields) {
    EXPECT_TRUE(HeaderBlock::parse("").value().fields().empty());
}

struct Row {
    std::string name;
    std::string block;
};

class HeaderRefused : public testing::TestWithParam<Row> {};

TEST_P(HeaderRefused, names_the_line) {
    const auto header = HeaderBlock::parse(GetParam().block);
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().kind, ErrorKind::syntax);
    EXPECT_THAT(header.error().text, testing::HasSubstr("line "));
}

INSTANTIATE_TEST_SUITE_P(
    rows, HeaderRefused,
    testing::Values(
        Row{"no_colon", "From a@b\r\n"}, Row{"mbox_line", "From a@b Mon Nov 23 14:07:14 2026\r\n"},
        Row{"first_line_folded", " Subject: x\r\n"}, Row{"empty_line", "A: b\r\n\r\nC: d\r\n"},
        Row{"empty_name", ": b\r\n"}, Row{"blank_name", "A: b\r\n\t: c\r\n : d\r\n  x\r\n:\r\n"},
        Row{"space_in_name", "Fr om: a\r\n"}, Row{"control_in_name", "Fr\x01om: a\r\n"},
        Row{"nul_in_name", std::string("Fr\0om: a\r\n", 10)},
        Row{"utf8_in_name", "Fr\xc3\xb6m: a\r\n"}, Row{"delete_in_name", "From\x7f: a\r\n"},
        Row{"vertical_tab_before_colon", "From\v: a\r\n"},
        Row{"no_break_space_before_colon", "From\xc2\xa0: a\r\n"},
        Row{"folded_name", "From\r\n : a\r\n"}, Row{"bare_lf", "A: b\nC: d\r\n"},
        Row{"bare_cr", "A: b\rC: d\r\n"}, Row{"cr_cr_lf", "A: b\r\r\n"},
        Row{"lf_first", "\nA: b\r\n"}, Row{"nul_in_body", std::string("A: b\0c\r\n", 8)},
        Row{"not_ended", "A: b"}, Row{"ended_by_lf", "A: b\r\nC: d\n"},
        Row{"ended_by_cr", "A: b\r"}),
    [](const auto& row) { return row.param.name; });

TEST(HeaderBlock, has_bounds) {
    std::string block;
    for (std::size_t i = 0; i < HeaderBlock::kMaxFields; ++i) block += "A:\r\n";
    EXPECT_EQ(HeaderBlock::parse_submitted(block).value().count("a"), HeaderBlock::kMaxFields);
    EXPECT_EQ(HeaderBlock::parse_submitted(block + "A:\r\n").error().kind, ErrorKind::too_large);
    const std::string large = "A: " + std::string(HeaderBlock::kMaxOctets, 'x') + "\r\n";
    EXPECT_EQ(HeaderBlock::parse_submitted(large).error().kind, ErrorKind::too_large);
    EXPECT_TRUE(HeaderBlock::parse(large)) << "what was added to the largest is still read";
    EXPECT_EQ(HeaderBlock::parse(block + block).error().kind, ErrorKind::too_large);
    EXPECT_EQ(HeaderBlock::parse(large + large).error().kind, ErrorKind::too_large);
}

// Found by header_fuzz: it could not be read again, and so went out unsigned.
TEST(HeaderBlock, of_the_most_fields_is_read_again_once_it_is_mended) {
    std::string block = "From: ana@example.com\r\n";
    for (std::size_t i = 1; i < HeaderBlock::kMaxFields; ++i) block += "A:\r\n";
    auto header = HeaderBlock::parse_submitted(block).value();
    fix_up(header, {{}, "mail.example.com", {}});
    EXPECT_GT(header.fields().size(), HeaderBlock::kMaxFields);
    const auto again = HeaderBlock::parse(header.to_string());
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(again->fields().size(), header.fields().size());
}

TEST(HeaderBlock, changes_only_what_it_is_told) {
    auto header =
        HeaderBlock::parse("Bcc : x@y\r\nTo: a@b\r\nBCC: z\r\n q\r\nFrom \t: me\r\n").value();
    EXPECT_EQ(header.count("bcc"), 2U);
    EXPECT_EQ(header.remove("Bcc"), 2U);
    EXPECT_EQ(header.remove("Bcc"), 0U);
    header.rename(1, "From");
    header.prepend("Received", "from\r\n\tby");
    header.append("Date", "now");
    EXPECT_EQ(header.to_string(), "Received: from\r\n\tby\r\nTo: a@b\r\nFrom: me\r\nDate: now\r\n");
    EXPECT_TRUE(HeaderBlock::parse(header.to_string()));
}

TEST(HeaderBlockDeathTest, writes_no_second_field) {
    HeaderBlock header;
    EXPECT_DEATH(header.append("Subject", "a\r\nBcc: b"), "");
    EXPECT_DEATH(header.append("Subject", "a\nBcc: b"), "");
    EXPECT_DEATH(header.append("Subject", "a\r"), "");
    EXPECT_DEATH(header.append("Sub ject", "a"), "");
    EXPECT_DEATH(header.append("Bcc: x\r\nSubject", "a"), "");
}

}  // namespace
}  // namespace posthaste::mail
