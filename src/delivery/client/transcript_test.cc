#include "delivery/client/transcript.h"

#include "base/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Transcript, a_dialogue_reads_like_one) {
    Transcript transcript;
    transcript.received(Stage::banner, "220 mx.example ESMTP\r\n");
    transcript.sent(Stage::ehlo, "EHLO us.example\r\n");
    transcript.received(Stage::ehlo, "250-mx.example");
    transcript.received(Stage::ehlo, "250 PIPELINING");
    transcript.note("TLSv1.3");
    transcript.sent(Stage::mail, "MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n");
    transcript.received(Stage::mail, "250 ok\x1b[2J");
    transcript.sent(Stage::content, "Subject: secret plans\r\n");
    transcript.sent(Stage::content, "\r\n.\r\n");
    transcript.received(Stage::final_dot, "250 2.0.0 taken");
    EXPECT_EQ(transcript.take(),
              "S: 220 mx.example ESMTP\nC: EHLO us.example\nS: 250-mx.example\nS: 250 "
              "PIPELINING\n-- TLSv1.3\nC: MAIL FROM:<a@b.test>\nC: RCPT TO:<c@d.test>\nC: "
              "DATA\nS: 250 ok\\x1b[2J\nC: (the message, 28 octets with the dot that ends it)\nS: "
              "250 2.0.0 taken\n");
    EXPECT_EQ(transcript.take(), "");
}

struct Login {
    const char* name;
    std::vector<std::string> sent;
};

TEST(Transcript, nothing_of_a_login_is_shown_in_any_form) {
    const std::string password = "pa55word-with-no-equal";
    const std::string token = "ya29.token-of-some-length";
    const std::string plain = base64::encode(std::string("\0anna\0", 6) + password);
    const std::string xoauth = base64::encode(
        "user=anna@example.com\x01"
        "auth=Bearer " +
        token + "\x01\x01");
    const Login logins[] = {
        {"PLAIN", {"AUTH PLAIN " + plain + "\r\n"}},
        {"PLAIN in two", {"AUTH PLAIN\r\n", plain + "\r\n"}},
        {"LOGIN",
         {"AUTH LOGIN\r\n", base64::encode("anna") + "\r\n", base64::encode(password) + "\r\n"}},
        {"XOAUTH2", {"AUTH XOAUTH2 " + xoauth + "\r\n"}},
        {"not even base64", {"AUTH PLAIN " + password + "\r\n"}},
    };
    for (const Login& login : logins) {
        SCOPED_TRACE(login.name);
        Transcript transcript;
        for (const auto& line : login.sent) {
            transcript.sent(Stage::auth, line);
            transcript.received(Stage::auth, "334 " + base64::encode("r=nonce,s=salt"));
        }
        // A server that repeats what it was told, at once and later.
        for (const auto& secret :
             {password, token, plain, xoauth, base64::encode(password), base64::encode(token)}) {
            transcript.received(Stage::auth, "535 5.7.8 no: " + secret + "!");
            transcript.received(Stage::mail, "550 " + secret);
            transcript.note("lost: " + secret);
        }
        const std::string shown = transcript.take();
        EXPECT_THAT(shown, HasSubstr("AUTH "));
        EXPECT_THAT(shown, HasSubstr("535 5.7.8 no: "));
        EXPECT_THAT(shown, Not(HasSubstr(base64::encode("r=nonce,s=salt"))));
        const bool by_token = shown.find("XOAUTH2") != std::string::npos;
        for (const auto& secret :
             by_token ? std::vector<std::string>{token, xoauth, base64::encode(token)}
                      : std::vector<std::string>{password, plain, base64::encode(password)}) {
            // What another login's secret is, this connection cannot know.
            const bool was_sent = std::ranges::any_of(login.sent, [&](const std::string& line) {
                return line.find(secret) != std::string::npos;
            });
            if (was_sent || secret == password || secret == token)
                EXPECT_THAT(shown, Not(HasSubstr(secret)));
        }
        EXPECT_EQ(transcript.without_secrets("x"), "x");
    }
}

TEST(Transcript, of_a_long_dialogue_the_beginning_and_the_end) {
    Transcript transcript;
    for (int i = 0; i < 20'000; ++i)
        transcript.received(Stage::rcpt, "250 line number " + std::to_string(i));
    transcript.received(Stage::rcpt, "421 the end");
    const std::string shown = transcript.take();
    EXPECT_LE(shown.size(), Transcript::kHead + Transcript::kTail + 100);
    EXPECT_THAT(shown, ::testing::StartsWith("S: 250 line number 0\n"));
    EXPECT_THAT(shown, ::testing::EndsWith("S: 421 the end\n"));
    EXPECT_THAT(shown, HasSubstr("lines are left out here)\n"));
    transcript.received(Stage::rcpt, std::string(1 << 20, 'x'));
    EXPECT_LE(transcript.take().size(), 600U);
}

}  // namespace
}  // namespace posthaste::delivery
