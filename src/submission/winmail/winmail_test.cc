#include "submission/winmail/winmail.h"

#include "base/base64.h"
#include "mail/header.h"
#include "store/testing.h"
#include "submission/testing.h"
#include "submission/winmail/winmail_notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kHeader =
    "From: anna@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";

std::string message_of(std::string_view file) {
    return "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: "
           "application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           base64::encode(file) + "\r\n--b--\r\n";
}

std::string octets_of(store::ContentReader reader) {
    std::string all;
    for (;;) {
        const auto piece = reader.next();
        EXPECT_TRUE(piece);
        if (!piece || piece->empty()) return all;
        all += *piece;
    }
}

class WinmailConversion : public ::testing::Test {
  protected:
    Result<WinmailOutcome> convert(std::string_view header, std::string_view body) {
        auto writer = backend_.write_content(QueueId::make());
        writer.append(body);
        job_ = std::make_unique<WinmailJob>(backend_, service_, QueueId::make(),
                                            std::string(header), *writer.finish(), true);
        return convert_winmail(*job_);
    }

    store::testing::TempFolder folder_;
    testing::FakeBackend backend_{folder_.path()};
    runtime::BlockingPool pool_{"winmail", 1, 1};
    std::string read_;
    WinmailService service_{{},
                            [this](std::string_view file) -> Result<mail::TnefContent> {
                                read_ = file;
                                if (file == "broken")
                                    return fail(ErrorKind::syntax, "it is broken");
                                mail::TnefContent content;
                                content.attachments.push_back({"a.pdf", "", "", "PDF"});
                                return content;
                            },
                            pool_};
    std::unique_ptr<WinmailJob> job_;
};

TEST_F(WinmailConversion, ABodyInMemoryAndOneInAFile) {
    for (const std::size_t size : {std::size_t{10}, std::size_t{2} << 20}) {
        const std::string file(size, 'x');
        const auto outcome = convert(kHeader, message_of(file));
        ASSERT_TRUE(outcome) << outcome.error().text;
        EXPECT_EQ(read_, file);
        EXPECT_EQ(outcome->what, "winmail.dat was replaced by what it held: 1 attachment");
        EXPECT_FALSE(outcome->body.hash.empty());
        EXPECT_FALSE(outcome->body.eight_bit);
        const std::string body = octets_of(backend_.read_content(outcome->body.body));
        EXPECT_THAT(body, HasSubstr("filename=\"a.pdf\""));
        EXPECT_THAT(body, Not(HasSubstr("ms-tnef")));
        EXPECT_THAT(octets_of(backend_.read_content(job_->before)), HasSubstr("ms-tnef"))
            << "what came is still there";
    }
}

TEST_F(WinmailConversion, WhatCannotBeReadIsAnError) {
    EXPECT_EQ(convert(kHeader, message_of("broken")).error().text, "it is broken");
    EXPECT_EQ(convert("From: a@example.com\r\n", "Hello\r\n").error().kind, ErrorKind::not_found);
    EXPECT_FALSE(convert(kHeader,
                         "--b\r\nContent-Type: application/ms-tnef\r\n"
                         "Content-Transfer-Encoding: base64\r\n\r\n*\r\n--b--\r\n"));
    std::string sealed(kHeader);
    sealed.replace(sealed.find("mixed"), 5, "signed");
    EXPECT_EQ(convert(sealed, message_of("x")).error().kind, ErrorKind::unsupported);
}

TEST(WinmailNotice, SpeaksTheirLanguage) {
    struct Case {
        mail::Language language;
        const char* code;
        const char* words;
    };

    const Case cases[] = {
        {mail::Language::english, "en", "Convert to HTML format"},
        {mail::Language::german, "de", "In HTML-Format konvertieren"},
        {mail::Language::french, "fr", "Convertir au format HTML"},
        {mail::Language::spanish, "es", "Convertir a formato HTML"},
    };
    for (const Case& each : cases) {
        const auto notice = compose_winmail_notice(
            {"anna@example.com", "mail.example.com", "helpdesk@example.com", each.language});
        ASSERT_TRUE(notice);
        EXPECT_FALSE(notice->envelope.sender) << "it never bounces";
        EXPECT_EQ(notice->envelope.recipients.at(0).address.to_string(), "anna@example.com");
        EXPECT_THAT(notice->header, HasSubstr("Auto-Submitted: auto-generated\r\n"));
        EXPECT_THAT(notice->header, HasSubstr(std::string("Content-Language: ") + each.code));
        EXPECT_THAT(*notice->body.octets, HasSubstr(each.words));
        EXPECT_THAT(*notice->body.octets, HasSubstr("winmail.dat"));
        EXPECT_THAT(*notice->body.octets, HasSubstr("helpdesk@example.com"));
        EXPECT_THAT(*notice->body.octets, Not(HasSubstr("{")));
        EXPECT_TRUE(mail::HeaderBlock::parse(notice->header));
    }
    EXPECT_FALSE(compose_winmail_notice({"no address", "h", "", {}}));
}

}  // namespace
}  // namespace posthaste::submission
