#include "submission/replies.h"

#include "base/ascii.h"
#include "mail/status.h"
#include "smtp/params.h"

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

std::vector<Say> all() {
    std::vector<Say> says;
    for (std::size_t i = 0; i < Catalogue::size(); ++i) says.push_back(static_cast<Say>(i));
    return says;
}

// Names at the edge of what DNS and SMTP allow, and what has no business in a reply.
std::vector<std::string> hard_names() {
    const std::string label(63, 'x');
    const std::string host = label + '.' + label + '.' + label + '.' + std::string(61, 'y');
    return {"",
            "a",
            "anna@example.com",
            std::string(64, 'l') + '@' + label + '.' + label + '.' + label,
            host,
            "b\xc3\xbcro@b\xc3\xbc"
            "cher.example",
            std::string(200, '\xff'),
            std::string("a\r\n250 ok\0b", 12),
            "{0}{1}{admin}",
            std::string(1000, '{')};
}

void expect_fit_for_a_client(const Answer& answer) {
    const std::string& line = answer.line;
    SCOPED_TRACE(line);
    ASSERT_GE(line.size(), 6U);
    EXPECT_LE(line.size(), kMaxReply);
    EXPECT_TRUE(line.ends_with("\r\n"));
    EXPECT_EQ(line.find_first_of("\r\n"), line.size() - 2);
    for (const char c : line.substr(0, line.size() - 2)) {
        EXPECT_TRUE(c >= ' ' && c < 0x7f) << static_cast<int>(c);
    }
    EXPECT_EQ(line.substr(0, 4), std::to_string(answer.code) + ' ');
    const auto status = mail::EnhancedStatus::parse_prefix(line.substr(4));
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->cls, answer.code / 100);
    EXPECT_EQ(status->to_string(), answer.status);
    EXPECT_GT(answer.number, 0);
}

TEST(Replies, AreOneShortLineWhateverTheNames) {
    for (const auto& host : hard_names()) {
        for (const auto& help : {std::string(), "https://" + host + "/h/"}) {
            const Catalogue catalogue({host, host, host, help, 65535, 65535});
            for (const Say say : all()) {
                expect_fit_for_a_client(catalogue.make(say));
                for (const auto& one : hard_names()) {
                    expect_fit_for_a_client(catalogue.make(say, {one}));
                    for (const auto& two : hard_names()) {
                        expect_fit_for_a_client(catalogue.make(say, {one, two}));
                    }
                }
            }
        }
    }
}

// Nothing is cut but addresses and the help page: a sentence that ends in the middle helps nobody.
TEST(Replies, KeepTheirSentencesWhole) {
    const std::string longest = std::string(64, 'l') + '@' + std::string(63, 'd') + ".example";
    const Catalogue catalogue({"mail.example.com", longest, longest, "", 65535, 65535});
    for (const Say say : all()) {
        const auto answer = catalogue.make(say, {longest, longest});
        if (answer.code < 400) continue;
        const std::string mark = " [" + answer.name() + "]";
        const std::string text(answer.text());
        ASSERT_TRUE(text.ends_with(mark)) << text;
        const char last = text[text.size() - mark.size() - 1];
        EXPECT_TRUE(last == '.' || last == '"' || last == '>') << text;
    }
}

TEST(Replies, EndWithTheirHelpPageWhereItFits) {
    const Catalogue catalogue(
        {"mail.example.com", "postmaster@example.com", "", "https://mail.example.com/h/"});
    for (const Say say : all()) {
        const auto answer = catalogue.make(say, {"anna@example.com", "bob@example.com"});
        if (answer.code < 400) continue;
        const std::string help = "https://mail.example.com/h/" + std::to_string(answer.number);
        EXPECT_TRUE(answer.text().ends_with(' ' + help)) << answer.line;
    }
}

TEST(Replies, LeaveNoPlaceholderOpen) {
    const Catalogue catalogue({"mail.example.com", "", "", ""});
    for (const Say say : all()) {
        const auto answer = catalogue.make(say, {"one", "two"});
        EXPECT_EQ(answer.line.find_first_of("{}"), std::string::npos) << answer.line;
    }
}

TEST(Replies, ShowAddressesAndLimits) {
    const Catalogue catalogue({"mail.example.com", "postmaster@example.com", "imap.example.com",
                               "https://mail.example.com/h/"});
    EXPECT_EQ(catalogue.make(Say::foreign_sender, {"anna@example.com", "bob@example.com"}).line,
              "553 5.7.1 You logged in as anna@example.com and may not send as bob@example.com. "
              "Outlook: set "
              "E-mail Address to yours or choose another From. https://mail.example.com/h/8\r\n");
    EXPECT_EQ(
        catalogue.make(Say::wrong_server).line,
        "500 5.5.1 This is the OUTGOING (SMTP) mail server. Put imap.example.com as Incoming mail "
        "server. https://mail.example.com/h/11\r\n");
    EXPECT_EQ(catalogue.make(Say::accepted, {"01JDB3"}).line, "250 2.0.0 Accepted as 01JDB3\r\n");
    EXPECT_EQ(too_large(catalogue, 61u << 20, 50u << 20).text(),
              "Message is 61 MB, the limit is 50 MB. An attachment grows by a third when sent. Use "
              "a link or "
              "a smaller file. https://mail.example.com/h/9");
    EXPECT_TRUE(too_large(catalogue, (50u << 20) + 1, 50u << 20)
                    .text()
                    .starts_with("Message is 52428801 octets, the limit is 52428800 octets."));
}

// The mend stands last in what a parser says, and is what the person needs.
TEST(Replies, NeverCutTheMendOfAParser) {
    const Catalogue catalogue(
        {"mail.example.com", "postmaster@example.com", "", "https://mail.example.com/h/"});
    int seen = 0;
    const auto expect_whole = [&](Say say, const Error& error) {
        const std::string reason = error.text + ". " + error.mend;
        const std::string line = catalogue.make(say, {reason}).line;
        EXPECT_NE(line.find(reason + '.'), std::string::npos) << line;
        ++seen;
    };
    const auto expect_parameter = [&](const Error& error) {
        const bool unknown = error.kind == ErrorKind::unsupported;
        expect_whole(unknown ? Say::unknown_parameter : Say::bad_parameter, error);
    };
    for (const std::string text :
         {"SIZE=abc", "BODY=9", "BODY=BINARYMIME", "RET=X", "ENVID=a+2", "FOO=1", "SIZE=1 SIZE=2",
          "SMTPUTF8=1", "AUTH", "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX=1"}) {
        const auto read = smtp::parse_path_argument("FROM:<a@b.org> " + text, "FROM:");
        ASSERT_TRUE(read.has_value()) << text;
        expect_parameter(smtp::parse_mail_parameters(read->parameters).error());
    }
    for (const std::string text : {"NOTIFY=X", "NOTIFY=NEVER,SUCCESS", "ORCPT=x", "RET=FULL"}) {
        const auto read = smtp::parse_path_argument("TO:<a@b.org> " + text, "TO:");
        ASSERT_TRUE(read.has_value()) << text;
        expect_parameter(smtp::parse_rcpt_parameters(read->parameters).error());
    }
    for (const std::string text :
         {"", "<a@b", "<a b@c.org>", "<a@b> =5", "<<a@b>>", "<@x,@y a@b>", "<a@b>x", "<\"a>"}) {
        const auto read = smtp::parse_path_argument("FROM:" + text, "FROM:");
        if (!read) expect_whole(Say::bad_argument, read.error());
    }
    EXPECT_GE(seen, 18);
}

TEST(Replies, HaveThreeDotsBehindWhatIsClipped) {
    const Catalogue catalogue({"mail.example.com", "postmaster@example.com", "", ""});
    const std::string longest = std::string(64, 'l') + '@' + std::string(63, 'd') + ".example";
    for (const Say say : all()) {
        const std::string line = catalogue.make(say, {longest, longest}).line;
        EXPECT_EQ(line.find("...."), std::string::npos) << line;
        const std::string reason = catalogue.make(say, {std::string(500, 'r')}).line;
        EXPECT_EQ(reason.find("...."), std::string::npos) << reason;
    }
}

TEST(Replies, NameThePortsThereAre) {
    const struct {
        std::uint16_t starttls, tls;
        std::string_view modes, ports;
    } cases[] = {
        {587, 465, "STARTTLS for 587, SSL/TLS for 465.",
         "port 587 with STARTTLS, or 465 with SSL/TLS."},
        {28587, 28465, "STARTTLS for 28587, SSL/TLS for 28465.",
         "port 28587 with STARTTLS, or 28465 with SSL/TLS."},
        {2525, 0, "connection: STARTTLS for 2525. If", "Mail programs: port 2525 with STARTTLS."},
        {0, 2465, "connection: SSL/TLS for 2465. If", "Mail programs: port 2465 with SSL/TLS."},
        {0, 0, "STARTTLS for 587, SSL/TLS for 465.",
         "port 587 with STARTTLS, or 465 with SSL/TLS."},
    };

    for (const auto& [starttls, tls, modes, ports] : cases) {
        const Catalogue catalogue({"mail.example.com", "", "", "", starttls, tls});
        for (const Say say : {Say::encrypt_before_mail, Say::encrypt_before_auth})
            EXPECT_NE(catalogue.make(say).line.find(modes), std::string::npos)
                << catalogue.make(say).line;
        const auto old = catalogue.make(Say::outside_legacy_range);
        EXPECT_NE(old.line.find(ports), std::string::npos) << old.line;
    }
}

TEST(Replies, ThoseWithoutAnAnswerFitToo) {
    for (const std::string_view line :
         {kOk, kSenderOk, kRecipientOk, kGoAhead, kReadyForTls, kLoggedIn, kNotVerified, kHelp}) {
        EXPECT_LE(line.size(), kMaxReply);
        EXPECT_TRUE(line.ends_with("\r\n"));
        EXPECT_TRUE(ascii::is_ascii(line));
    }
}

TEST(Replies, ClipAtTheMiddleOfNothing) {
    EXPECT_EQ(clip("anna@example.com"), "anna@example.com");
    EXPECT_EQ(clip(std::string(40, 'a')), std::string(40, 'a'));
    EXPECT_EQ(clip(std::string(41, 'a')), std::string(37, 'a') + "...");
    EXPECT_EQ(clip("b\xc3\xbcro"), "b?ro");
    EXPECT_EQ(clip("a\r\nb"), "a??b");
}

}  // namespace
}  // namespace posthaste::submission
