#include "mail/mailbox.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

struct Row {
    std::string name;
    std::string text;
    std::string written;  // to_string; empty: refused
};

class MailboxParse : public testing::TestWithParam<Row> {};

TEST_P(MailboxParse, gives) {
    const auto mailbox = Mailbox::parse(GetParam().text);
    if (GetParam().written.empty()) {
        ASSERT_FALSE(mailbox) << mailbox->to_string();
        EXPECT_EQ(mailbox.error().kind, ErrorKind::syntax);
        return;
    }
    ASSERT_TRUE(mailbox) << mailbox.error().text;
    EXPECT_EQ(mailbox->to_string(), GetParam().written);
    EXPECT_EQ(Mailbox::parse(mailbox->to_string()).value(), *mailbox);
}

std::string run(std::size_t n) {
    return std::string(n, 'a');
}

const std::string kLongDomain = run(60) + '.' + run(60) + '.' + run(60) + ".abcdefg";  // 190

INSTANTIATE_TEST_SUITE_P(
    rows, MailboxParse,
    testing::Values(
        Row{"plain", "alice@example.org", "alice@example.org"},
        Row{"case_of_local_kept", "Alice@EXAMPLE.org", "Alice@example.org"},
        Row{"marks", "!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org"},
        Row{"percent_is_a_letter", "a%b@example.org", "a%b@example.org"},
        Row{"bang_is_a_letter", "host!a@example.org", "host!a@example.org"},
        Row{"dots", "a.b.c@example.org", "a.b.c@example.org"},
        Row{"leading_dot", ".a@example.org", ""}, Row{"trailing_dot", "a.@example.org", ""},
        Row{"two_dots", "a..b@example.org", ""}, Row{"no_at", "alice", ""},
        Row{"no_domain", "alice@", ""}, Row{"no_local", "@example.org", ""}, Row{"empty", "", ""},
        Row{"two_ats", "a@b@example.org", ""},
        Row{"two_ats_literal", "a@[127.0.0.1]@example.org", ""}, Row{"route", "@a,@b:u@c.org", ""},
        Row{"brackets", "<a@example.org>", ""}, Row{"comment", "a(b)@example.org", ""},
        Row{"space", "a b@example.org", ""}, Row{"space_at", "a @example.org", ""},
        Row{"trailing_space", "a@example.org ", ""}, Row{"backslash", "a\\b@example.org", ""},
        Row{"newline", "a@example.org\r\nRCPT", ""},
        Row{"nul", std::string("a\0b@example.org", 15), ""}, Row{"delete", "a\x7f@example.org", ""},
        Row{"literal", "a@[192.0.2.1]", "a@[192.0.2.1]"},
        Row{"local_64", run(64) + "@example.org", run(64) + "@example.org"},
        Row{"local_65", run(65) + "@example.org", ""},
        Row{"all_254", run(63) + '@' + kLongDomain, run(63) + '@' + kLongDomain},
        Row{"all_255", run(64) + '@' + kLongDomain, ""}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    quoted, MailboxParse,
    testing::Values(
        Row{"needless", "\"alice\"@example.org", "alice@example.org"},
        Row{"needless_escape", "\"\\a\\l\"@example.org", "al@example.org"},
        Row{"at_inside", "\"a@b\"@example.org", "\"a@b\"@example.org"},
        Row{"quote_inside", "\"a\\\"b\"@example.org", "\"a\\\"b\"@example.org"},
        Row{"backslash_inside", "\"a\\\\b\"@example.org", "\"a\\\\b\"@example.org"},
        Row{"space_inside", "\" \"@example.org", "\" \"@example.org"},
        Row{"dots_inside", "\"a..b\"@example.org", "\"a..b\"@example.org"},
        Row{"brackets_inside", "\"a>b<c\"@example.org", "\"a>b<c\"@example.org"},
        Row{"nothing_inside", "\"\"@example.org", ""}, Row{"not_closed", "\"alice@example.org", ""},
        Row{"escape_at_end", "\"alice\\", ""}, Row{"text_behind", "\"a\"b@example.org", ""},
        Row{"text_before", "b\"a\"@example.org", ""}, Row{"two", "\"a\".\"b\"@example.org", ""},
        Row{"carriage_return", "\"a\rb\"@example.org", ""},
        Row{"escaped_newline", "\"a\\\nb\"@example.org", ""},
        Row{"tab", "\"a\tb\"@example.org", ""},
        Row{"nul", std::string("\"a\0b\"@example.org", 17), ""},
        Row{"local_64", '"' + run(62) + "\"@example.org", run(62) + "@example.org"},
        Row{"local_65", '"' + run(63) + "\"@example.org", ""}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    utf8, MailboxParse,
    testing::Values(Row{"local", "j\xc3\xb6rg@example.org", "j\xc3\xb6rg@example.org"},
                    Row{"domain",
                        "a@b\xc3\xbc"
                        "cher.example",
                        "a@xn--bcher-kva.example"},
                    Row{"quoted", "\"j\xc3\xb6 g\"@example.org", "\"j\xc3\xb6 g\"@example.org"},
                    Row{"not_normalised", "jo\xcc\x88rg@example.org", "jo\xcc\x88rg@example.org"},
                    Row{"latin1", "j\xf6rg@example.org", ""},
                    Row{"overlong", "a\xc0\x80@example.org", ""},
                    Row{"surrogate", "a\xed\xa0\x80@example.org", ""},
                    Row{"next_line", "a\xc2\x85@example.org", ""},
                    Row{"line_separator", "a\xe2\x80\xa8@example.org", ""},
                    Row{"quoted_escaped", "\"\\\xc3\xb6\"@example.org", ""}),
    [](const auto& row) { return row.param.name; });

TEST(Mailbox, key_folds_what_belongs_to_one_login) {
    const auto key = [](std::string_view text) { return Mailbox::parse(text).value().key(); };
    EXPECT_EQ(key("Alice@Example.ORG"), key("alice@example.org"));
    EXPECT_EQ(key("\"alice\"@example.org"), key("alice@example.org"));
    EXPECT_EQ(key("a@b\xc3\xbc"
                  "cher.example"),
              key("A@xn--bcher-kva.example"));
    EXPECT_NE(key("\"a@b\"@example.org"), key("a@example.org"));
    EXPECT_NE(key("alice+x@example.org"), key("alice@example.org"));
    // Only ASCII letters fold: what others are the same is not ours to say.
    EXPECT_NE(key("\xc3\x96@example.org"), key("\xc3\xb6@example.org"));
}

TEST(Mailbox, shows_itself_to_people) {
    const auto mailbox = Mailbox::parse("J\xc3\xb6@xn--bcher-kva.example").value();
    EXPECT_EQ(mailbox.to_display(),
              "J\xc3\xb6@b\xc3\xbc"
              "cher.example");
    EXPECT_FALSE(mailbox.is_ascii());
    EXPECT_TRUE(Mailbox::parse("a@b\xc3\xbc"
                               "cher.example")
                    .value()
                    .is_ascii());
}

TEST(ReversePath, null_sender_is_empty_text) {
    EXPECT_EQ(to_string(ReversePath{}), "");
    EXPECT_EQ(to_string(ReversePath{Mailbox::parse("a@b.org").value()}), "a@b.org");
}

}  // namespace
}  // namespace posthaste::mail
