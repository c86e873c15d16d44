#include "smtp/client_dialogue.h"

#include "smtp/command.h"
#include "smtp/params.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

using mail::Notify;
using mail::Ret;

mail::Mailbox mailbox(std::string_view text) {
    auto parsed = mail::Mailbox::parse(text);
    EXPECT_TRUE(parsed) << text;
    return *parsed;
}

Extensions everything() {
    Extensions all;
    all.size = all.eight_bit_mime = all.smtputf8 = all.dsn = true;
    return all;
}

TEST(MakeMail, Rows) {
    const auto anna = mailbox("anna@example.com");

    struct Row {
        const char* name;
        MailLine line;
        bool offered;
        std::string_view expected;
    };

    const Row rows[] = {
        {"null sender", {.sender = {}, .envid = {}}, true, "MAIL FROM:<>\r\n"},
        {"plain", {.sender = anna, .envid = {}}, true, "MAIL FROM:<anna@example.com>\r\n"},
        {"quoted",
         {.sender = mailbox("\"a b\"@example.com"), .envid = {}},
         true,
         "MAIL FROM:<\"a b\"@example.com>\r\n"},
        {"all",
         {anna, 1234, true, true, Ret::full, "QQ+2B1"},
         true,
         "MAIL FROM:<anna@example.com> SIZE=1234 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=QQ+2B1\r\n"},
        {"headers only",
         {.sender = anna, .ret = Ret::headers, .envid = {}},
         true,
         "MAIL FROM:<anna@example.com> RET=HDRS\r\n"},
        {"nothing offered",
         {anna, 1234, true, true, Ret::full, "x"},
         false,
         "MAIL FROM:<anna@example.com>\r\n"},
        {"a damaged envid is left out",
         {anna, 0, false, false, Ret::unset, "x\r\nDATA"},
         true,
         "MAIL FROM:<anna@example.com>\r\n"},
        {"an envid with a space is left out",
         {anna, 0, false, false, Ret::unset, "x y"},
         true,
         "MAIL FROM:<anna@example.com>\r\n"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(make_mail(row.line, row.offered ? everything() : Extensions{}), row.expected)
            << row.name;
    }
}

TEST(MakeMail, RequireTlsGoesToWhoKnowsIt) {
    MailLine line;
    line.requiretls = true;
    Extensions offered;
    EXPECT_EQ(make_mail(line, offered), "MAIL FROM:<>\r\n");
    offered.requiretls = true;
    EXPECT_EQ(make_mail(line, offered), "MAIL FROM:<> REQUIRETLS\r\n");
    line.requiretls = false;
    EXPECT_EQ(make_mail(line, offered), "MAIL FROM:<>\r\n");
}

TEST(MakeMail, TimeAndPriorityGoToWhoKnowsThem) {
    MailLine line;
    line.by = {Seconds(120), mail::ByMode::give_back, true};
    line.priority = -3;
    Extensions offered;
    EXPECT_EQ(make_mail(line, offered), "MAIL FROM:<>\r\n");
    offered.deliver_by = true;
    EXPECT_EQ(make_mail(line, offered), "MAIL FROM:<> BY=120;RT\r\n");
    line.by = {Seconds(-7), mail::ByMode::notify, false};
    offered.mt_priority = true;
    EXPECT_EQ(make_mail(line, offered), "MAIL FROM:<> BY=-7;N MT-PRIORITY=-3\r\n");
    EXPECT_EQ(make_mail({}, offered), "MAIL FROM:<>\r\n");
}

TEST(MakeRcpt, Rows) {
    const auto bob = mailbox("bob@example.org");

    struct Row {
        const char* name;
        mail::Recipient recipient;
        bool offered;
        std::string_view expected;
    };

    const Row rows[] = {
        {"plain", {bob, Notify::unset, {}}, true, "RCPT TO:<bob@example.org>\r\n"},
        {"never", {bob, Notify::never, {}}, true, "RCPT TO:<bob@example.org> NOTIFY=NEVER\r\n"},
        {"list",
         {bob, Notify::delay | Notify::failure | Notify::success, {}},
         true,
         "RCPT TO:<bob@example.org> NOTIFY=SUCCESS,FAILURE,DELAY\r\n"},
        {"never is alone, whatever is stored",
         {bob, Notify::never | Notify::delay, {}},
         true,
         "RCPT TO:<bob@example.org> NOTIFY=NEVER\r\n"},
        {"orcpt",
         {bob, Notify::unset, "rfc822;Bob+2Bx@example.org"},
         true,
         "RCPT TO:<bob@example.org> ORCPT=rfc822;Bob+2Bx@example.org\r\n"},
        {"raw UTF-8 is embedded (RFC 6533)",
         {bob, Notify::unset, "utf-8;j\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80@b"},
         true,
         "RCPT TO:<bob@example.org> ORCPT=utf-8;j\\x{FC}\\x{20AC}\\x{1F600}@b\r\n"},
        {"damaged orcpt, line end",
         {bob, Notify::unset, "rfc822;x\r\nDATA"},
         true,
         "RCPT TO:<bob@example.org>\r\n"},
        {"damaged orcpt, UTF-8",
         {bob, Notify::unset, "utf-8;\xc3"},
         true,
         "RCPT TO:<bob@example.org>\r\n"},
        {"DSN not offered",
         {bob, Notify::never, "rfc822;x@y"},
         false,
         "RCPT TO:<bob@example.org>\r\n"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(make_rcpt(row.recipient, row.offered ? everything() : Extensions{}), row.expected)
            << row.name;
    }
}

// What we write is what a server of our own grammar reads.
TEST(ClientDialogue, RoundTrip) {
    const std::string line = make_mail(
        {mailbox("\"a>b\"@example.com"), 7, true, true, Ret::headers, "a+20b"}, everything());
    const auto command = parse_command(std::string_view(line).substr(0, line.size() - 2));
    ASSERT_TRUE(command);
    EXPECT_EQ(command->verb, Verb::mail);
    const auto path = parse_path_argument(command->argument, "FROM:");
    ASSERT_TRUE(path);
    EXPECT_EQ(path->path, "\"a>b\"@example.com");
    const auto parameters = parse_mail_parameters(path->parameters);
    ASSERT_TRUE(parameters);
    EXPECT_EQ(parameters->size, 7u);
    EXPECT_EQ(parameters->envid, "a+20b");
    EXPECT_EQ(parameters->ret, Ret::headers);
    EXPECT_TRUE(parameters->smtputf8);

    const mail::Recipient recipient{mailbox("bob@example.org"), Notify::failure | Notify::delay,
                                    "utf-8;\xc3\xbc@b"};
    const std::string rcpt = make_rcpt(recipient, everything());
    const auto rcpt_path =
        parse_path_argument(std::string_view(rcpt).substr(5, rcpt.size() - 7), "TO:");
    ASSERT_TRUE(rcpt_path);
    const auto read = parse_rcpt_parameters(rcpt_path->parameters);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->notify, recipient.notify);
    EXPECT_EQ(read->orcpt, "utf-8;\\x{FC}@b");
}

}  // namespace
}  // namespace posthaste::smtp
