#include "mail/tnef/winmail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

using testing::HasSubstr;
using testing::Not;

BodyPlan plan_of(const HeaderBlock& header, std::string_view body) {
    MimeScanner scanner(header, {});
    scanner.update(body);
    return scanner.finish();
}

HeaderBlock header_of(std::string_view type) {
    return *HeaderBlock::parse("From: a@example.com\r\nContent-Type: " + std::string(type) +
                               "\r\nX-MS-TNEF-Correlator: <x>\r\n");
}

constexpr std::string_view kMixed = "multipart/mixed; boundary=\"b\"";
constexpr std::string_view kText = "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n";
constexpr std::string_view kFile =
    "--b\r\nContent-Type: application/ms-tnef; name=\"winmail.dat\"\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n";

struct Converted {
    HeaderBlock header;
    std::string body;
    WinmailChange change;
    std::vector<std::string> parts;  // leaf parts of the new body: header and text
};

// Also that the outcome is a message that needs no repair and holds no such file any more.
Converted convert(HeaderBlock header, std::string_view body, const TnefContent& content) {
    const BodyPlan plan = plan_of(header, body);
    EXPECT_FALSE(plan.tnef.empty());
    const std::vector<TnefContent> contents(plan.tnef.size(), content);
    auto change = replace_winmail(plan.tnef, contents, header, "mark");
    EXPECT_TRUE(change) << change.error().text;
    Converted done{std::move(header), {}, std::move(*change), {}};
    BodyRewriter rewriter(done.change.edits);
    rewriter.update(body, done.body);
    rewriter.finish(done.body);
    const BodyPlan after = plan_of(done.header, done.body);
    EXPECT_TRUE(after.tnef.empty());
    EXPECT_FALSE(after.has_work());
    EXPECT_FALSE(after.eight_bit);
    EXPECT_EQ(after.trouble, BodyTrouble::none);
    return done;
}

TnefContent letter() {
    TnefContent content;
    content.message_class = "IPM.Note";
    content.attachments.push_back(
        {"Gr\xc3\xbc\xc3\x9f"
         "e.pdf",
         "", "", "PDF"});
    return content;
}

std::string mixed(std::string_view more = "--b--\r\n") {
    return std::string(kText) + std::string(kFile) + std::string(more);
}

TEST(Winmail, AttachmentsTakeItsPlace) {
    const auto done = convert(header_of(kMixed), mixed(), letter());
    EXPECT_EQ(done.body,
              "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\n"
              "Content-Type: application/pdf; name*=utf-8''Gr%C3%BC%C3%9Fe.pdf\r\n"
              "Content-Transfer-Encoding: base64\r\n"
              "Content-Disposition: attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf\r\n"
              "\r\nUERG\r\n--b--\r\n");
    EXPECT_EQ(done.change.attachments, 1u);
    EXPECT_EQ(done.header.find("X-MS-TNEF-Correlator"), nullptr);
}

TEST(Winmail, HtmlStandsBesideTheText) {
    TnefContent content = letter();
    content.html = "<p>Hello\n<img src=\"cid:pic@1\">\xe4";
    content.html_charset = "iso-8859-1";
    content.attachments.push_back({"pic.png", "image/png", "pic@1", "PNG"});
    const auto done = convert(header_of(kMixed), mixed(), content);
    EXPECT_THAT(done.body, testing::StartsWith(
                               "--b\r\nContent-Type: multipart/alternative; "
                               "boundary=\"=_alternative_mark_0\"\r\n\r\n"
                               "--=_alternative_mark_0\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
                               "--=_alternative_mark_0\r\nContent-Type: multipart/related;"));
    EXPECT_THAT(done.body, HasSubstr("charset=iso-8859-1"));
    EXPECT_THAT(done.body, HasSubstr("<p>Hello\r\n<img src=3D\"cid:pic@1\">=E4"));
    EXPECT_THAT(done.body, HasSubstr("Content-ID: <pic@1>"));
    EXPECT_THAT(done.body,
                HasSubstr("--=_alternative_mark_0--\r\n--b\r\nContent-Type: application/pdf"));
    EXPECT_EQ(plan_of(done.header, done.body).parts, 6u);
}

TEST(Winmail, RtfAloneIsAttached) {
    TnefContent content;
    content.rtf = "{\\rtf1 x}";
    const auto done = convert(header_of(kMixed), mixed(), content);
    EXPECT_THAT(done.body, HasSubstr("filename=\"message.rtf\""));
}

TEST(Winmail, AFileOfNothingGoes) {
    const auto done = convert(header_of(kMixed), mixed(), {});
    EXPECT_EQ(done.body, std::string(kText) + "--b--\r\n");
}

TEST(Winmail, WithoutATextTheBodyComesOutOfIt) {
    TnefContent content = letter();
    content.text = "Hello\nWorld";
    content.text_charset = "utf-8";
    const auto done = convert(header_of(kMixed), std::string(kFile) + "--b--\r\n", content);
    EXPECT_THAT(done.body,
                testing::StartsWith("--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                                    "Hello\r\nWorld\r\n\r\n--b\r\nContent-Type: application/pdf"));
    // A text of nothing but a line end is none.
    const auto blank = convert(
        header_of(kMixed),
        "--b\r\nContent-Type: text/plain\r\n\r\n\r\n" + std::string(kFile) + "--b--\r\n", content);
    EXPECT_THAT(blank.body, HasSubstr("Hello\r\nWorld"));
    EXPECT_EQ(plan_of(blank.header, blank.body).parts, 2u);
    EXPECT_THAT(convert(header_of(kMixed), std::string(kFile) + "--b--\r\n", {}).body,
                HasSubstr("us-ascii"));
}

TEST(Winmail, TheFileMayBeTheWholeMessage) {
    TnefContent content = letter();
    content.text = "Hello";
    HeaderBlock header = header_of("application/ms-tnef; name=winmail.dat");
    header.append("Content-Transfer-Encoding", "base64");
    header.append("Content-Disposition", "attachment; filename=winmail.dat");
    const auto done = convert(std::move(header), "AAAA\r\n", content);
    EXPECT_EQ(done.header.find("Content-Transfer-Encoding"), nullptr);
    EXPECT_EQ(done.header.find("Content-Disposition"), nullptr);
    EXPECT_EQ(done.header.find("Content-Type")->unfolded(),
              "multipart/mixed; boundary=\"=_mixed_mark_0\"");
    EXPECT_NE(done.header.find("MIME-Version"), nullptr);
    EXPECT_EQ(plan_of(done.header, done.body).parts, 2u);
}

TEST(Winmail, IsFoundWhereItCanBeReplaced) {
    struct Case {
        std::string type;
        std::string body;
        std::size_t found;
        bool sealed;
    };

    const std::string file(kFile);
    const Case cases[] = {
        {std::string(kMixed), mixed(), 1, false},
        {std::string(kMixed), mixed(""), 1, false},  // not closed
        {std::string(kMixed), std::string(kText) + file + file + "--b--\r\n", 2, false},
        {std::string(kMixed),
         "--b\r\nContent-Type: application/octet-stream; name=WINMAIL.DAT\r\n\r\nx\r\n--b--\r\n", 1,
         false},
        {std::string(kMixed),
         "--b\r\nContent-Type: application/octet-stream; name=other.dat\r\n\r\nx\r\n--b--\r\n", 0,
         false},
        // Somebody else's message that is passed on stays as it is.
        {std::string(kMixed),
         "--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n"
         "\r\n--c\r\nContent-Type: application/ms-tnef\r\n\r\nx\r\n--c--\r\n--b--\r\n",
         0, false},
        {"multipart/signed; boundary=b", mixed(), 1, true},
        {std::string(kMixed),
         std::string(kText) + "--b\r\nContent-Type: application/pkcs7-mime\r\n\r\nx\r\n" + file +
             "--b--\r\n",
         1, true},
    };
    for (const Case& each : cases) {
        const BodyPlan plan = plan_of(header_of(each.type), each.body);
        EXPECT_EQ(plan.tnef.size(), each.found) << each.body;
        EXPECT_EQ(plan.sealed, each.sealed) << each.body;
    }
    std::string many;
    for (int i = 0; i < 100; ++i) many += file;
    EXPECT_EQ(plan_of(header_of(kMixed), many).tnef.size(), MimeScanner::kMaxTnef);
}

TEST(Winmail, MeetingsAndContactsStay) {
    const std::string body = mixed();
    HeaderBlock header = header_of(kMixed);
    const BodyPlan plan = plan_of(header, body);
    for (const char* kind : {"IPM.Contact", "IPM.Schedule.Meeting.Request",
                             "IPM.Microsoft Schedule.MtgReq", "IPM.Task", "IPM.Notes", "x\r\ny"}) {
        TnefContent content;
        content.message_class = kind;
        const auto refused = replace_winmail(plan.tnef, {&content, 1}, header, "m");
        ASSERT_FALSE(refused) << kind;
        EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);
        EXPECT_EQ(refused.error().text.find('\n'), std::string::npos);
    }
    for (const char* kind : {"", "IPM.Note", "ipm.note.special", "IPM.Microsoft Mail.Note"}) {
        TnefContent content;
        content.message_class = kind;
        EXPECT_TRUE(replace_winmail(plan.tnef, {&content, 1}, header, "m")) << kind;
    }
}

TEST(Winmail, NamesAreMadeFitToBeShown) {
    struct Case {
        const char* name;
        const char* charset;
        const char* shown;
    };

    const Case cases[] = {
        {"../../etc/passwd", "", "filename=\"passwd\""},
        {"C:\\temp\\a.doc", "", "filename=\"a.doc\""},
        {"a\r\nBcc: x\"y", "", "filename=\"aBcc: xy\""},
        {"", "", "filename=\"attachment-1\""},
        {"..", "", "filename=\"attachment-1\""},
        {"\xfc.txt", "windows-1252", "filename*=utf-8''%C3%BC.txt"},
        {"\xfc.txt", "no-such-set", "filename*=utf-8''%C3%BC.txt"},
        {"=?utf-8?Q?x?=", "", "x?="},
    };
    for (const Case& each : cases) {
        TnefContent content;
        content.text_charset = each.charset;
        content.attachments.push_back({each.name, "", "", "x"});
        EXPECT_THAT(convert(header_of(kMixed), mixed(), content).body, HasSubstr(each.shown));
    }
    TnefContent content;
    content.attachments.push_back({std::string(4000, 'n'), "", "", "x"});
    EXPECT_THAT(convert(header_of(kMixed), mixed(), content).body, HasSubstr("nnn..."));
}

TEST(Winmail, TypesAreThoseOfFiles) {
    struct Case {
        const char* said;
        const char* name;
        const char* type;
    };

    const Case cases[] = {
        {"", "a.PDF", "application/pdf"},
        {"", "a.exe", "application/octet-stream"},
        {"", "a", "application/octet-stream"},
        {"Image/PNG", "a", "image/png"},
        {"message/rfc822", "a", "application/octet-stream"},
        {"multipart/mixed", "a.pdf", "application/pdf"},
        {"text/plain\r\nBcc: x", "a", "application/octet-stream"},
        {"text", "a", "application/octet-stream"},
    };
    for (const Case& each : cases) {
        TnefContent content;
        content.attachments.push_back({each.name, each.said, "", "x"});
        EXPECT_THAT(convert(header_of(kMixed), mixed(), content).body,
                    HasSubstr(std::string("Content-Type: ") + each.type + "; name"));
    }
}

TEST(Winmail, TransferEncodings) {
    EXPECT_EQ(*decode_body("QUJD\r\nREVG\r\n", TransferEncoding::base64), "ABCDEF");
    EXPECT_EQ(*decode_body("ABC", TransferEncoding::identity), "ABC");
    EXPECT_FALSE(decode_body("=41", TransferEncoding::quoted_printable));
    EXPECT_FALSE(decode_body("QU*D", TransferEncoding::base64));
    EXPECT_FALSE(decode_body("x", TransferEncoding::other));
}

}  // namespace
}  // namespace posthaste::mail
