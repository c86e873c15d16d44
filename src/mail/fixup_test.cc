#include "mail/fixup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

using testing::HasSubstr;

const Timestamp kNow{Milliseconds(1'795'442'834'211)};

std::string fixed(std::string_view block) {
    auto header = HeaderBlock::parse(block).value();
    fix_up(header, {QueueId{}, "mail.example.com", kNow});
    EXPECT_TRUE(HeaderBlock::parse(header.to_string()));
    return header.to_string();
}

const std::string kDate = "Date: " + format_rfc5322(kNow) + "\r\n";
const std::string kId = "Message-ID: <00000000000000000000000000@mail.example.com>\r\n";

TEST(FixUp, adds_what_is_missing_at_the_end) {
    EXPECT_EQ(fixed("From: a@b.org\r\n"),
              "From: a@b.org\r\n" + kDate + "Message-ID: <00000000000000000000000000@b.org>\r\n");
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

TEST(FixUp, an_id_beyond_ascii_is_none) {
    EXPECT_EQ(fixed("Message-ID: <\xc3\xbc@b>\r\n" + kDate),
              "X-Original-Message-ID: <\xc3\xbc@b>\r\n" + kDate + kId);
}

TEST(FixUp, several_authors_need_a_sender) {
    const std::string rest = kDate + kId;
    EXPECT_EQ(fixed("From: a@b.org, c@d.org\r\n" + rest),
              "From: a@b.org, c@d.org\r\n" + rest + "Sender: a@b.org\r\n");
    const std::string whole = "From: a@b.org, c@d.org\r\nSender: c@d.org\r\n" + rest;
    EXPECT_EQ(fixed(whole), whole);
}

TEST(FixUp, a_message_sent_on_gets_its_date) {
    const std::string rest = "From: a@b.org\r\n" + kDate + kId;
    EXPECT_EQ(fixed("Resent-From: a@b.org\r\nResent-To: c@d.org\r\n" + rest),
              "Resent-" + kDate + "Resent-From: a@b.org\r\nResent-To: c@d.org\r\n" + rest);
    // The lower block is somebody else's and stays.
    const std::string lower = "Received: from a by b; c\r\nResent-From: old@b.org\r\n" + rest;
    const std::string upper = "Resent-From: a@b.org\r\nResent-" + kDate + lower;
    EXPECT_EQ(fixed(upper), upper);
    EXPECT_EQ(
        fixed("Resent-From: a@b.org\r\nResent-Date: soon\r\n" + rest),
        "Resent-" + kDate + "Resent-From: a@b.org\r\nX-Original-Resent-Date: soon\r\n" + rest);
}

TEST(FixUp, verdicts_and_signatures_in_our_name_go) {
    auto header = HeaderBlock::parse(
                      "Authentication-Results: MAIL.example.com; dkim=pass\r\n"
                      "Authentication-Results: mx.other.example; dkim=pass\r\n"
                      "DKIM-Signature: v=1; a=rsa-sha256; d=b.org;\r\n s=x; b=AA\r\n"
                      "DKIM-Signature: v=1; d = other.example; b=AA\r\n"
                      "DKIM-Signature: bad\r\nDelivered-To: a@b.org\r\n" +
                      kDate + kId)
                      .value();
    const auto changes =
        fix_up(header, {QueueId{}, "mail.example.com", kNow,
                        [](const Domain& domain) { return domain.ascii() == "b.org"; }});
    EXPECT_EQ(header.to_string(),
              "Authentication-Results: mx.other.example; dkim=pass\r\n"
              "DKIM-Signature: v=1; d = other.example; b=AA\r\n"
              "DKIM-Signature: bad\r\n" +
                  kDate + kId);
    EXPECT_THAT(changes, testing::ElementsAre(Change{"F-6", "Authentication-Results was removed"},
                                              Change{"F-6", "Delivered-To was removed"},
                                              Change{"F-6", "DKIM-Signature was removed"}));
}

TEST(FixUp, tells_what_it_did) {
    auto header = HeaderBlock::parse("From: a@b.org\r\nBcc: x@y.org\r\nDate: soon\r\n").value();
    const auto changes = fix_up(header, {QueueId{}, "mail.example.com", kNow});
    std::string rules;
    for (const Change& change : changes) rules += change.rule + ' ';
    EXPECT_EQ(rules, "F-6 F-3 F-3 F-4 ");
    EXPECT_TRUE(fix_up(header, {QueueId{}, "mail.example.com", kNow}).empty());
}

TEST(FindDuplicate, names_the_field) {
    const auto found = [](std::string_view block) {
        return find_duplicate(HeaderBlock::parse(block).value()).value_or("");
    };
    EXPECT_EQ(found("From: a@b\r\nTo: a\r\nCc: b\r\nCC: c\r\nReceived: x\r\nReceived: y\r\n"), "");
    EXPECT_EQ(found("Subject: a\r\nX: y\r\nSUBJECT : b\r\n"), "Subject");
    EXPECT_EQ(found("content-type: a/b\r\nContent-Type: c/d\r\n"), "Content-Type");
}

std::string as_device(std::string_view block) {
    auto header = HeaderBlock::parse(block).value();
    const auto own = Mailbox::parse("scan@b.org").value();
    rewrite_author(header, own,
                   [&](const Mailbox& each) { return each.domain().ascii() == "b.org"; });
    EXPECT_TRUE(authors(header)) << block;
    return header.to_string();
}

TEST(RewriteAuthor, makes_from_the_devices_own) {
    EXPECT_EQ(as_device("From: x@b.org\r\nSender: y@b.org\r\n"),
              "From: x@b.org\r\nSender: y@b.org\r\n");
    EXPECT_EQ(as_device("From: \"Scanner 2\" <scan@localhost>\r\nTo: a@b\r\n"),
              "From: \"Scanner 2\" <scan@b.org>\r\nTo: a@b\r\nReply-To: scan@localhost\r\n");
    EXPECT_EQ(as_device("From: a@c.org\r\nReply-To: r@c.org\r\nSender: z@c.org\r\n"),
              "From: scan@b.org\r\nReply-To: r@c.org\r\n");
    EXPECT_EQ(as_device("From: scanner\r\n"), "From: scan@b.org\r\n");
    EXPECT_EQ(as_device("Subject: scan\r\n"), "From: scan@b.org\r\nSubject: scan\r\n");
    EXPECT_EQ(as_device("From: a@b.org\r\nfrom: c@d.org\r\n"),
              "From: scan@b.org\r\nX-Original-From: c@d.org\r\n");
    EXPECT_EQ(as_device("From: \"a@c.org\" <x@c.org>\r\n"),
              "From: scan@b.org\r\nReply-To: x@c.org\r\n");
}

std::string resent_by(std::string_view block) {
    const auto found = resenders(HeaderBlock::parse(block).value());
    if (!found) return found.error().text;
    std::string out;
    for (const Mailbox& mailbox : *found) out += mailbox.to_string() + ' ';
    return out;
}

TEST(Resenders, are_those_of_the_topmost_block) {
    EXPECT_EQ(resent_by("From: a@b.org\r\n"), "");
    EXPECT_EQ(
        resent_by("Received: x\r\nResent-From: a@b.org\r\nResent-To: t@b.org\r\nresent-sender: "
                  "c@b.org\r\nReceived: y\r\nResent-From: old@b.org\r\n"),
        "a@b.org c@b.org ");
    EXPECT_THAT(resent_by("Resent-From: nobody\r\n"), HasSubstr("Resent-From field"));
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
