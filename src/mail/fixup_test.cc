#include "mail/fixup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

using testing::HasSubstr;

const Timestamp kNow{Milliseconds(1'795'442'834'211)};

std::string fixed(std::string_view block) {
    auto header = HeaderBlock::parse(block).value();
    fix_up(header, QueueId{}, "mail.example.com", kNow);
    EXPECT_TRUE(HeaderBlock::parse(header.to_string()));
    return header.to_string();
}

const std::string kDate = "Date: " + format_rfc5322(kNow) + "\r\n";
const std::string kId = "Message-ID: <00000000000000000000000000@mail.example.com>\r\n";

TEST(FixUp, adds_what_is_missing_at_the_end) {
    EXPECT_EQ(fixed("From: a@b.org\r\n"), "From: a@b.org\r\n" + kDate + kId);
    EXPECT_EQ(fixed(""), kDate + kId);
}

TEST(FixUp, leaves_a_whole_header_alone) {
    const std::string block =
        "DATE : Mon, 23 Nov 2026 14:07:14 +0000\r\nmessage-id:\r\n <a@b>\r\nContent-Type: "
        "text/plain\r\n"
        "Mime-Version: 1.0\r\nX-Odd  :  caf\xe9\r\nBccx: y\r\nReturn-Path-Info: z\r\n";
    EXPECT_EQ(fixed(block), block);
}

TEST(FixUp, adds_mime_version_to_mime_fields) {
    const std::string rest = kDate + kId;
    EXPECT_EQ(fixed("Content-Transfer-Encoding: 8bit\r\n"),
              "Content-Transfer-Encoding: 8bit\r\n" + rest + "MIME-Version: 1.0\r\n");
}

TEST(FixUp, removes_private_fields_in_every_spelling) {
    EXPECT_EQ(fixed("Bcc: x@y.org\r\n\t,z@y.org\r\nBCC : q\r\nResent-bcc: r\r\nReturn-Path: <s>\r\n"
                    "X-posthaste-Hold: t\r\n" +
                    kDate + kId),
              kDate + kId);
}

TEST(FixUp, replaces_a_hopeless_date_and_keeps_it) {
    EXPECT_EQ(fixed("Date : yesterday\r\n\tmorning\r\n" + kId),
              "X-Original-Date: yesterday\r\n\tmorning\r\n" + kId + kDate);
}

TEST(FixUp, replaces_an_id_without_at) {
    EXPECT_EQ(fixed("Message-Id: 12345\r\n" + kDate),
              "X-Original-Message-ID: 12345\r\n" + kDate + kId);
    EXPECT_EQ(fixed("Message-ID:\r\n" + kDate), "X-Original-Message-ID:\r\n" + kDate + kId);
}

TEST(FixUp, closes_the_gap_in_from_and_sender_only) {
    EXPECT_EQ(fixed("FROM \t: a@b.org\r\nsender : c@d.org\r\nTo : e@f.org\r\n" + kDate + kId),
              "FROM: a@b.org\r\nsender: c@d.org\r\nTo : e@f.org\r\n" + kDate + kId);
}

std::string who(std::string_view block) {
    const auto found = authors(HeaderBlock::parse(block).value());
    if (!found) return found.error().text;
    std::string out;
    for (const Mailbox& mailbox : *found) out += mailbox.to_string() + ' ';
    return out;
}

TEST(Authors, are_all_of_from_and_sender) {
    EXPECT_EQ(who("From: a@b.org\r\n"), "a@b.org ");
    EXPECT_EQ(who("from : A <a@b.org>,\r\n T: c@d.org;\r\nTo: x@y.org\r\nSENDER: e@f.org\r\n"),
              "a@b.org c@d.org e@f.org ");
}

TEST(Authors, errors_name_the_field) {
    EXPECT_THAT(who("To: a@b.org\r\n"), HasSubstr("no From"));
    EXPECT_THAT(who("From: a@b.org\r\nFROM : a@b.org\r\n"), HasSubstr("more than one From"));
    EXPECT_THAT(who("From: a@b.org\r\nSender: a@b.org\r\nSender: a@b.org\r\n"),
                HasSubstr("more than one Sender"));
    EXPECT_THAT(who("From: nobody\r\n"), HasSubstr("From field"));
    EXPECT_THAT(who("From: a@b.org\r\nSender: x y\r\n"), HasSubstr("Sender field"));
    EXPECT_THAT(who("From: undisclosed:;\r\n"), HasSubstr("names nobody"));
    EXPECT_THAT(who("From:\r\n"), HasSubstr("names nobody"));
    EXPECT_THAT(who("From: a@b.org\r\nSender:\r\n"), HasSubstr("Sender field names nobody"));
}

}  // namespace
}  // namespace posthaste::mail
