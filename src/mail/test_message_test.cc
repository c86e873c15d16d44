#include "mail/test_message.h"

#include "base/ascii.h"
#include "mail/header.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

TestMessage message(std::string subject, std::string text) {
    return {*Mailbox::parse("anna@example.com"),
            {*Mailbox::parse("bob@example.net"), *Mailbox::parse("carol@example.org")},
            std::move(subject),
            std::move(text),
            "mail.example.com"};
}

TEST(TestMessage, IsAsciiWhateverItSays) {
    const auto composed = compose(message("Grüße", "Schöne Grüße\nsäumt nicht"));
    ASSERT_TRUE(composed) << composed.error().text;
    EXPECT_TRUE(ascii::is_ascii(composed->header));
    EXPECT_TRUE(ascii::is_ascii(composed->body));
    EXPECT_NE(composed->header.find("Content-Transfer-Encoding: quoted-printable\r\n"),
              std::string::npos);
    EXPECT_EQ(composed->body, "Sch=C3=B6ne Gr=C3=BC=C3=9Fe\r\ns=C3=A4umt nicht\r\n");
    EXPECT_FALSE(composed->smtputf8);
    const auto header = HeaderBlock::parse(composed->header);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->count("Subject"), 1U);
    EXPECT_EQ(header->count("MIME-Version"), 1U);
}

TEST(TestMessage, SaysSomethingWhenNothingWasSaid) {
    const auto composed = compose(message("", ""));
    ASSERT_TRUE(composed);
    EXPECT_NE(composed->header.find("Subject: Test from Posthaste\r\n"), std::string::npos);
    EXPECT_TRUE(composed->body.starts_with("This is a test message from mail.example.com."));
    EXPECT_NE(composed->header.find("To: bob@example.net,\r\n carol@example.org\r\n"),
              std::string::npos);
}

TEST(TestMessage, ASubjectOpensNoFieldOfItsOwn) {
    for (const char* subject : {"a\r\nBcc: x@example.net", "a\nb", "a\x01",
                                "a\xe2\x80\xa8"
                                "b"}) {
        const auto composed = compose(message(subject, "x"));
        ASSERT_FALSE(composed) << subject;
        EXPECT_EQ(composed.error().kind, ErrorKind::syntax);
    }
    EXPECT_EQ(compose(message(std::string(501, 'a'), "x")).error().kind, ErrorKind::too_large);
    EXPECT_EQ(compose(message("x", std::string(70'000, 'a'))).error().kind, ErrorKind::too_large);
    EXPECT_EQ(compose(message("x", "\xff")).error().kind, ErrorKind::syntax);
}

TEST(TestMessage, AddressesBeyondAsciiNeedTheExtension) {
    auto one = message("x", "y");
    one.to.push_back(*Mailbox::parse("jürgen@example.net"));
    const auto composed = compose(one);
    ASSERT_TRUE(composed);
    EXPECT_TRUE(composed->smtputf8);
}

}  // namespace
}  // namespace posthaste::mail
