#include "trap/mime_view.h"

#include "trap/mime_fields.h"

#include <string>

#include <gtest/gtest.h>

namespace posthaste::trap {
namespace {

MimeView view_of(std::string_view message, MimeReader::Limits limits = {}) {
    MimeReader reader(limits);
    reader.feed(message);
    return reader.finish();
}

// Lines by LF in the tests, by CR LF in mail.
std::string crlf(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
    return out;
}

constexpr std::string_view kAlternative =
    "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=\"b "
    "1\"\n\npreamble\n--b 1\n"
    "Content-Type: text/plain; charset=utf-8\n\nHello\nthere\n--b 1\nContent-Type: text/html; "
    "charset=utf-8\n"
    "Content-Transfer-Encoding: quoted-printable\n\n<p>H=C3=A9llo=\n!</p>\n--b 1--\nepilogue\n";

TEST(MimeViewTest, finds_text_and_html_of_alternatives) {
    const auto view = view_of(crlf(kAlternative));
    EXPECT_EQ(view.text, "Hello\nthere");
    EXPECT_EQ(view.html, "<p>Héllo!</p>");
    ASSERT_EQ(view.parts.size(), 2u);
    EXPECT_EQ(view.attachments(), 0u);
    const auto message = crlf(kAlternative);
    EXPECT_EQ(decode_part(message, view.parts[0]), "Hello\r\nthere");
    EXPECT_EQ(decode_part(message, view.parts[1]), "<p>Héllo!</p>");
}

TEST(MimeViewTest, gives_the_same_for_any_cut_and_for_lf_lines) {
    const auto message = crlf(kAlternative);
    const auto whole = view_of(message);
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
        MimeReader reader;
        reader.feed(std::string_view(message).substr(0, cut));
        reader.feed(std::string_view(message).substr(cut));
        const auto view = reader.finish();
        ASSERT_EQ(view.text, whole.text) << cut;
        ASSERT_EQ(view.html, whole.html) << cut;
        ASSERT_EQ(view.parts[1].begin, whole.parts[1].begin) << cut;
        ASSERT_EQ(view.parts[1].end, whole.parts[1].end) << cut;
    }
    const auto lf = view_of(kAlternative);
    EXPECT_EQ(lf.text, whole.text);
    EXPECT_EQ(lf.html, whole.html);
    EXPECT_EQ(decode_part(kAlternative, lf.parts[0]), "Hello\nthere");
}

struct TextRow {
    std::string name;
    std::string message;
    std::string text;
};

class MimeTextTest : public testing::TestWithParam<TextRow> {};

TEST_P(MimeTextTest, decodes) {
    EXPECT_EQ(view_of(crlf(GetParam().message)).text, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Messages, MimeTextTest,
    testing::Values(
        TextRow{"no_mime", "Subject: x\n\nplain\n", "plain\n"},
        TextRow{"no_body", "Subject: x\n\n", ""}, TextRow{"header_only", "Subject: x\n", ""},
        TextRow{"nothing", "", ""},
        TextRow{"base64", "Content-Transfer-Encoding: BASE64\n\naGVsbG8g\nd29ybGQ=\n",
                "hello world"},
        TextRow{"base64_dirty", "Content-Transfer-Encoding: base64\n\naGV*sb-G8\n", "hello"},
        TextRow{"soft_breaks", "Content-Transfer-Encoding: quoted-printable\n\na=\nb=20\nc=\n",
                "ab \nc"},
        TextRow{"stray_equals", "Content-Transfer-Encoding: quoted-printable\n\n1=zz =\n", "1=zz "},
        TextRow{"latin1", "Content-Type: text/plain; charset=ISO-8859-1\n\ncaf\xe9", "café"},
        TextRow{"windows_quotes",
                "Content-Type: text/plain; charset=windows-1252\n\n\x93x\x94 \x80", "“x” €"},
        TextRow{"undeclared_utf8", "Subject: x\n\ncaf\xc3\xa9", "café"},
        TextRow{"undeclared_latin1", "Subject: x\n\ncaf\xe9", "café"},
        TextRow{"unknown_charset", "Content-Type: text/plain; charset=koi8-r\n\n\xc1", "\\xc1"},
        TextRow{"folded_type", "Content-Type: text/plain;\n charset=\"iso-8859-1\"\n\n\xe9", "é"},
        TextRow{"attachment_is_not_the_text",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: "
                "attachment; filename=a.txt\n\nfile\n"
                "--b\n\nthe text\n--b--\n",
                "the text"},
        TextRow{"nested",
                "Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: "
                "multipart/alternative; boundary=in\n\n"
                "--in\n\ninner\n--in--\n--out\nContent-Type: text/plain\n\nsecond\n--out--\n",
                "inner"},
        TextRow{"inner_never_closed",
                "Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: "
                "multipart/alternative; boundary=in\n\n"
                "--in\n\ninner\n--out\nContent-Type: text/plain\n\nsecond\n--out--\n",
                "inner"},
        TextRow{"prefix_is_no_boundary",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--bc\n--b--x\nend\n--b--\n",
                "--bc\n--b--x\nend"},
        TextRow{"boundary_with_blanks",
                "Content-Type: multipart/mixed; boundary=b\n\n--b  \n\nt\n--b-- \n", "t"},
        TextRow{"never_closed", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n",
                "text\n"},
        TextRow{"multipart_without_boundary", "Content-Type: multipart/mixed\n\ntext\n", ""},
        TextRow{"part_without_blank_line",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
                "text/plain\n--b\n\nt\n--b--\n",
                ""},
        TextRow{"enclosed_message_is_not_opened",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
                "message/rfc822\n\nSubject: y\n\nno\n--b\n\nyes\n"
                "--b--\n",
                "yes"},
        TextRow{"nul_is_dropped", std::string("Subject: x\n\na\0b", 15), "ab"}),
    [](const auto& info) { return info.param.name; });

TEST(MimeViewTest, names_attachments) {
    const auto message = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhi\n--b\n"
        "Content-Type: application/pdf; name=\"old.pdf\"\nContent-Transfer-Encoding: base64\n"
        "Content-Disposition: attachment;\n filename*0*=utf-8''Gr%C3%BC;\n "
        "filename*1=\"n.pdf\"\n\nJVBERg==\n"
        "--b\nContent-Type: image/png\nContent-ID: <logo@x>\nContent-Transfer-Encoding: "
        "base64\n\niVBO\n"
        "--b\nContent-Type: text/csv\n\n1,2\n--b--\n");
    const auto view = view_of(message);
    ASSERT_EQ(view.parts.size(), 4u);
    EXPECT_EQ(view.parts[1].file_name, "Grün.pdf");
    EXPECT_TRUE(view.parts[1].attachment);
    EXPECT_EQ(decode_part(message, view.parts[1]), "%PDF");
    EXPECT_TRUE(view.parts[2].inline_part);
    EXPECT_EQ(view.parts[2].content_id, "logo@x");
    EXPECT_TRUE(view.parts[3].attachment);
    EXPECT_EQ(view.attachments(), 2u);
}

TEST(MimeViewTest, says_which_charset_it_does_not_know) {
    EXPECT_EQ(view_of("Content-Type: text/plain; charset=KOI8-R\r\n\r\n\xc1").unknown_charset,
              "koi8-r");
    EXPECT_EQ(view_of("Content-Type: text/plain; charset=KOI8-R\r\n\r\nascii").unknown_charset, "");
}

TEST(MimeViewTest, stops_at_its_bounds) {
    std::string deep = "Content-Type: multipart/mixed; boundary=b0\r\n\r\n";
    for (int i = 0; i < 2000; ++i)
        deep += "--b" + std::to_string(i) + "\r\nContent-Type: multipart/mixed; boundary=b" +
                std::to_string(i + 1) + "\r\n\r\n";
    EXPECT_LE(view_of(deep).parts.size(), 1000u);
    std::string wide = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (int i = 0; i < 5000; ++i) wide += "--b\r\n\r\nx\r\n";
    const auto many = view_of(wide);
    EXPECT_EQ(many.parts.size(), 1000u);
    EXPECT_TRUE(many.parts_cut);
    const auto cut = view_of("\r\n" + std::string(100'000, 'x'), {.text = 1000});
    EXPECT_EQ(cut.text.size(), 1000u);
    EXPECT_TRUE(cut.text_cut);
}

TEST(MimeViewTest, cuts_utf8_at_a_character) {
    for (const std::size_t room : {4u, 5u, 6u, 7u}) {
        const auto view = view_of("\r\n\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", {.text = room});
        EXPECT_EQ(view.text, room < 6 ? "€" : "€€") << room;
    }
}

TEST(MimeViewTest, survives_an_endless_header_line) {
    const auto view =
        view_of("Content-Type: text/plain; x=" + std::string(1 << 20, 'y') + "\r\n\r\ntext");
    EXPECT_EQ(view.text, "text");
}

TEST(MimeFieldTest, reads_parameters_as_mail_programs_do) {
    const auto field =
        parse_mime_field("Text/HTML ; Charset = \"ut\\f-8\" ; x ; ;name=a b;q=\"open");
    EXPECT_EQ(field.value, "text/html");
    EXPECT_EQ(field.parameter("charset"), "utf-8");
    EXPECT_EQ(field.parameter("name"), "a b");
    EXPECT_EQ(field.parameter("q"), "open");
    EXPECT_EQ(field.parameter("x"), "");
}

}  // namespace
}  // namespace posthaste::trap
