#include "submission/rights.h"

#include "base/assert.h"

#include <ostream>

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

const Catalogue kReplies({"mail.example.com", "postmaster@example.com", "", ""});

accounts::Identity anna() {
    auto addresses = std::make_shared<std::set<std::string>>();
    *addresses = {"anna@example.com", "sales@example.com"};
    return {"anna@example.com", "password", addresses};
}

struct Row {
    const char* name;
    std::string header;
    int code;  // 0: allowed
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << row.name;
}

class Authors : public testing::TestWithParam<Row> {};

TEST_P(Authors, AreChecked) {
    const auto header = mail::HeaderBlock::parse(GetParam().header);
    ASSERT_TRUE(header.has_value()) << header.error().text;
    const auto refusal = check_authors(anna(), *header, kReplies);
    EXPECT_EQ(refusal ? refusal->code : 0, GetParam().code)
        << (refusal ? refusal->line : "allowed");
}

// threats.md A3; "Composition Kills" (USENIX Security 2020)
INSTANTIATE_TEST_SUITE_P(
    Fields, Authors,
    testing::Values(
        Row{"own address", "From: anna@example.com\r\n", 0},
        Row{"further address", "From: Sales <SALES@example.com>\r\n", 0},
        Row{"own, quoted name", "From: \"boss@example.com\" <anna@example.com>\r\n", 0},
        Row{"own, encoded name",
            "From: =?utf-8?b?Ym9zc0BleGFtcGxlLmNvbQ==?= <anna@example.com>\r\n", 0},
        Row{"both own", "From: anna@example.com, sales@example.com\r\n", 0},
        Row{"own Sender", "From: anna@example.com\r\nSender: sales@example.com\r\n", 0},
        Row{"white space before the colon", "From : anna@example.com\r\n", 0},
        Row{"own, folded", "From:\r\n Anna\r\n <anna@example.com>\r\n", 0},
        Row{"own, with a comment", "From: anna@example.com (boss@example.com)\r\n", 0},
        Row{"own, quoted local part", "From: <\"anna\"@example.com>\r\n", 0},
        Row{"other user", "From: boss@example.com\r\n", 550},
        Row{"other domain", "From: anna@example.net\r\n", 550},
        Row{"subdomain", "From: anna@mail.example.com\r\n", 550},
        Row{"suffix", "From: xanna@example.com\r\n", 550},
        Row{"tag", "From: anna+boss@example.com\r\n", 550},
        Row{"own first, other second", "From: anna@example.com, boss@example.com\r\n", 550},
        Row{"other first, own second", "From: boss@example.com, anna@example.com\r\n", 550},
        Row{"group with another", "From: staff: anna@example.com, boss@example.com;\r\n", 550},
        Row{"empty group", "From: staff:;\r\n", 550},
        Row{"two From, own first", "From: anna@example.com\r\nFrom: boss@example.com\r\n", 550},
        Row{"two From, own last", "From: boss@example.com\r\nfrom: anna@example.com\r\n", 550},
        Row{"two From, both own", "From: anna@example.com\r\nFROM: sales@example.com\r\n", 550},
        Row{"second From with white space", "From: anna@example.com\r\nFrom : boss@example.com\r\n",
            550},
        Row{"white space and other", "From \t: boss@example.com\r\n", 550},
        Row{"two Sender",
            "From: anna@example.com\r\nSender: anna@example.com\r\nSender: boss@example.com\r\n",
            550},
        Row{"other Sender", "From: anna@example.com\r\nSender: boss@example.com\r\n", 550},
        Row{"own Sender for another", "From: boss@example.com\r\nSender: anna@example.com\r\n",
            550},
        Row{"folded other", "From:\r\n boss@example.com\r\n", 550},
        Row{"other behind a comment", "From: (anna@example.com) boss@example.com\r\n", 550},
        Row{"comment inside the address", "From: boss(anna@example.com)@example.com\r\n", 550},
        Row{"comment that is not closed", "From: (anna@example.com boss@example.com\r\n", 550},
        Row{"route", "From: <@example.com,@anna.example.com:boss@example.com>\r\n", 550},
        Row{"two addresses in brackets", "From: <anna@example.com><boss@example.com>\r\n", 550},
        Row{"bare and bracketed", "From: anna@example.com <boss@example.com>\r\n", 550},
        Row{"bracketed and bare", "From: <boss@example.com> anna@example.com\r\n", 550},
        Row{"two at signs", "From: boss@example.com@example.com\r\n", 550},
        Row{"encoded word as address", "From: =?utf-8?q?anna=40example=2Ecom?=\r\n", 550},
        Row{"encoded address in brackets", "From: <=?utf-8?q?anna=40example=2Ecom?=>\r\n", 550},
        Row{"quoted pair in the name",
            "From: \"anna@example.com\\\" <boss@example.com>\" <boss@example.com>\r\n", 550},
        Row{"name alone", "From: Anna\r\n", 550}, Row{"empty", "From:\r\n", 550},
        Row{"empty brackets", "From: <>\r\n", 550}, Row{"none", "To: bob@example.org\r\n", 550},
        Row{"no fields", "", 550},
        Row{"resent does not count as From", "Resent-From: anna@example.com\r\n", 550},
        Row{"semicolon between", "From: anna@example.com; boss@example.com\r\n", 550},
        Row{"other in UTF-8", "From: b\xc3\xb6ss@example.com\r\n", 550},
        Row{"look-alike in UTF-8", "From: \xd0\xb0nna@example.com\r\n", 550}));

TEST(SenderRights, AreExact) {
    const auto check = [](std::string_view text) {
        const auto mailbox = mail::Mailbox::parse(text);
        PH_ASSERT(mailbox.has_value());
        return check_sender(anna(), *mailbox, kReplies).has_value();
    };
    EXPECT_FALSE(check("anna@example.com"));
    EXPECT_FALSE(check("ANNA@EXAMPLE.COM"));
    EXPECT_FALSE(check("\"anna\"@example.com"));
    EXPECT_FALSE(check("sales@example.com"));
    EXPECT_TRUE(check("bob@example.com"));
    EXPECT_TRUE(check("anna@example.net"));
    EXPECT_TRUE(check("anna+x@example.com"));
    EXPECT_TRUE(check("\"anna@example.com\"@example.net"));
    EXPECT_TRUE(check("\" anna\"@example.com"));
    EXPECT_TRUE(check("anna%example.com@example.com"));
    EXPECT_FALSE(check_sender(anna(), std::nullopt, kReplies).has_value());
    // Somebody whose identity has no addresses may send as nobody.
    EXPECT_TRUE(
        check_sender({}, mail::Mailbox::parse("anna@example.com").value(), kReplies).has_value());
}

}  // namespace
}  // namespace posthaste::submission
