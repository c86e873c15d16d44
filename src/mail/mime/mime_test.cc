#include "mail/mime/mime.h"

#include "base/ascii.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kLong(1200, 'x');

struct Mended {
    BodyPlan plan;
    std::string body;
};

Mended mend(std::string_view header, std::string_view body, BodyAim aim = BodyAim::lines,
            std::size_t piece = 1 << 20) {
    const auto top = HeaderBlock::parse(header).value();
    MimeScanner scanner(top, {.aim = aim});
    const auto pieces = [&](auto take) {
        for (std::size_t at = 0; at < body.size(); at += piece) take(body.substr(at, piece));
    };
    pieces([&](std::string_view some) { scanner.update(some); });
    Mended mended{scanner.finish(), {}};
    BodyRewriter rewriter(mended.plan.edits);
    pieces([&](std::string_view some) { rewriter.update(some, mended.body); });
    rewriter.finish(mended.body);
    return mended;
}

// The same however the body is cut, and a second pass finds nothing more to do.
Mended mend_well(std::string_view header, std::string_view body, BodyAim aim = BodyAim::lines) {
    Mended whole = mend(header, body, aim);
    for (const std::size_t piece : {1U, 2U, 7U, 64U}) {
        const Mended cut = mend(header, body, aim, piece);
        EXPECT_EQ(cut.body, whole.body) << piece;
        EXPECT_EQ(cut.plan.trouble, whole.plan.trouble);
        EXPECT_EQ(cut.plan.top_encoding, whole.plan.top_encoding);
    }
    if (whole.plan.trouble == BodyTrouble::none) {
        auto top = HeaderBlock::parse(header).value();
        if (!whole.plan.top_encoding.empty()) set_transfer_encoding(top, whole.plan.top_encoding);
        const Mended again = mend(top.to_string(), whole.body, aim);
        EXPECT_FALSE(again.plan.has_work()) << whole.body;
        EXPECT_EQ(again.body, whole.body);
    }
    return whole;
}

TEST(Mime, PlainTextWithALongLineBecomesQuotedPrintable) {
    const auto mended = mend_well("Subject: x\r\n", "a=b\r\n" + kLong + "\r\n");
    EXPECT_EQ(mended.plan.top_encoding, "quoted-printable");
    EXPECT_THAT(mended.body, testing::StartsWith("a=3Db\r\nxxxx"));
    EXPECT_THAT(mended.body, testing::EndsWith("x\r\n"));
    EXPECT_EQ(mended.plan.encoded, 1U);
}

TEST(Mime, WhatIsFitStaysOctetForOctet) {
    const std::string line(998, 'x');
    for (const std::string& body :
         {std::string(), std::string("a"), line + "\r\n", line, std::string("\xff\r\n"),
          std::string("--\r\n--b\r\n\r\nx\r\n--b--\r\n")}) {
        const auto mended = mend_well("Content-Type: multipart/mixed; boundary=b\r\n", body);
        EXPECT_FALSE(mended.plan.has_work());
        EXPECT_EQ(mended.body, body);
    }
    EXPECT_TRUE(mend("", line + "x").plan.has_work());
}

const std::string kMixed = "Content-Type: multipart/mixed;\r\n boundary=\"b 1\"\r\n";

TEST(Mime, OnlyThePartThatNeedsItIsTouched) {
    const std::string body =
        "preamble\r\n--b 1\r\nContent-Type: text/html\r\n\r\n" + kLong +
        "\r\n--b 1  \r\nX-A:  1\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n"
        "\r\n" +
        kLong + "\r\n\r\n--b 1\r\n\r\nshort\r\n--b 1--\r\nend\r\n";
    const auto mended = mend_well(kMixed, body);
    EXPECT_EQ(mended.plan.parts, 3U);
    EXPECT_EQ(mended.plan.encoded, 2U);
    EXPECT_EQ(mended.plan.top_encoding, "");
    EXPECT_THAT(mended.body, HasSubstr("Content-Type: text/html\r\nContent-Transfer-Encoding: "
                                       "quoted-printable\r\n\r\nxxx"));
    EXPECT_THAT(mended.body, HasSubstr("X-A:  1\r\nContent-Type: image/png\r\n"
                                       "Content-Transfer-Encoding: base64\r\n\r\neHh4"));
    EXPECT_THAT(mended.body, testing::EndsWith("\r\n--b 1\r\n\r\nshort\r\n--b 1--\r\nend\r\n"));
    EXPECT_THAT(mended.body, testing::StartsWith("preamble\r\n--b 1\r\n"));
}

TEST(Mime, EncodedPartsKeepTheirEncodingInShorterLines) {
    const std::string body = "--b 1\r\nContent-Transfer-Encoding: BASE64\r\n\r\n" +
                             std::string(4000, 'Q') +
                             "\r\n--b 1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
                             kLong + "=3D\r\n--b 1--\r\n";
    const auto mended = mend_well(kMixed, body);
    EXPECT_EQ(mended.plan.rewrapped, 2U);
    EXPECT_EQ(mended.plan.encoded, 0U);
    EXPECT_THAT(mended.body, HasSubstr("Content-Transfer-Encoding: BASE64\r\n\r\nQQQ"));
    EXPECT_THAT(mended.body, HasSubstr("x=\r\nx"));
}

TEST(Mime, SignedAndEncryptedPartsAreNeverTouched) {
    for (const std::string type :
         {"multipart/signed; boundary=s", "multipart/encrypted; boundary=s"}) {
        const std::string inner =
            "--s\r\nContent-Type: text/plain\r\n\r\n" + kLong + "\r\n--s--\r\n";
        EXPECT_EQ(mend_well("Content-Type: " + type + "\r\n", inner).plan.trouble,
                  BodyTrouble::sealed);
        const std::string wrapped =
            "--b 1\r\nContent-Type: " + type + "\r\n\r\n" + inner + "\r\n--b 1--\r\n";
        EXPECT_EQ(mend_well(kMixed, wrapped).plan.trouble, BodyTrouble::sealed);
    }
    EXPECT_EQ(mend_well("Content-Type: application/pkcs7-mime\r\n", kLong).plan.trouble,
              BodyTrouble::sealed);
    // Beside a signed part a repair is no harm, and 8-bit letters within one go on as they came.
    const std::string beside = "--b 1\r\n\r\n" + kLong +
                               "\r\n--b 1\r\nContent-Type: multipart/signed; "
                               "boundary=s\r\n\r\n--s\r\nX-N: \xc3\xbc\r\n\r\n"
                               "\xc3\xbc\r\n--s--\r\n\r\n--b 1--\r\n";
    const auto mended = mend_well(kMixed, beside);
    EXPECT_EQ(mended.plan.trouble, BodyTrouble::none);
    EXPECT_THAT(mended.body, HasSubstr("--s\r\nX-N: \xc3\xbc\r\n\r\n\xc3\xbc\r\n--s--\r\n"));
    EXPECT_EQ(mend_well(kMixed, beside, BodyAim::seven_bit).plan.trouble, BodyTrouble::sealed);
}

TEST(Mime, PartsThatMayNotBeEncodedAreNot) {
    EXPECT_EQ(mend("Content-Type: message/partial; id=1\r\n", kLong).plan.trouble,
              BodyTrouble::not_encodable);
    EXPECT_EQ(mend("Content-Type: multipart/mixed\r\n", kLong).plan.trouble,
              BodyTrouble::not_encodable);
    EXPECT_EQ(mend("Content-Transfer-Encoding: x-uuencode\r\n", kLong).plan.trouble,
              BodyTrouble::not_encodable);
    EXPECT_EQ(mend("Content-Type: message/global\r\n", kLong).plan.trouble, BodyTrouble::none);
}

TEST(Mime, HeadersOfPartsAreRepairedToo) {
    const auto mended =
        mend_well(kMixed,
                  "--b 1\r\nContent-Disposition: attachment; filename=\"\xc3\xbc.txt\"\r\n\r\nx\r\n"
                  "--b 1--\r\n");
    EXPECT_EQ(mended.plan.headers, 1U);
    EXPECT_EQ(mended.body,
              "--b 1\r\nContent-Disposition: attachment; filename*=utf-8''%C3%BC.txt\r\n\r\nx\r\n"
              "--b 1--\r\n");
    const std::string long_field = "X-A: " + std::string(600, 'a') + ' ' + std::string(600, 'b');
    const auto folded = mend_well(kMixed, "--b 1\r\n" + long_field + "\r\n\r\nx\r\n--b 1--\r\n");
    EXPECT_THAT(folded.body, HasSubstr("a\r\n bbb"));
    EXPECT_EQ(mend(kMixed, "--b 1\r\nContent-ID: " + kLong + "\r\n\r\n").plan.trouble,
              BodyTrouble::part_header);
}

TEST(Mime, MessagesWithinMessagesAreWalked) {
    const std::string body =
        "--b 1\r\nContent-Type: message/rfc822\r\n\r\nSubject: \xc3\xbc\r\nContent-Type: "
        "multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: in\r\n\r\n" +
        kLong + "\r\n--d--\r\n\r\n--b 1--\r\n";
    const auto mended = mend_well(kMixed, body);
    EXPECT_EQ(mended.plan.trouble, BodyTrouble::none);
    EXPECT_THAT(mended.body, HasSubstr("Subject: =?utf-8?B?w7w=?=\r\n"));
    EXPECT_THAT(mended.body, HasSubstr("--d\r\n\r\nSubject: in\r\nContent-Transfer-Encoding: "
                                       "quoted-printable\r\n\r\nxxx"));
}

TEST(Mime, SevenBitEncodesEveryLetter) {
    const std::string body =
        "pr\xc3\xa4"
        "amble\r\n--b 1\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9f"
        "e\r\n--b 1\r\n"
        "Content-Type: application/octet-stream\r\n\r\n\xff\r\n--b 1--\r\n";
    const auto mended =
        mend_well(kMixed + "Content-Transfer-Encoding: 8bit\r\n", body, BodyAim::seven_bit);
    EXPECT_TRUE(ascii::is_ascii(mended.body));
    EXPECT_TRUE(mended.plan.eight_bit);
    EXPECT_EQ(mended.plan.top_encoding, "7bit");
    EXPECT_EQ(mended.plan.dropped, 1U);
    EXPECT_EQ(mended.body,
              "\r\n--b 1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
              "quoted-printable\r\n\r\nGr=C3=BC=C3=9F"
              "e\r\n--b 1\r\nContent-Type: "
              "application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n/w==\r\n"
              "--b 1--\r\n");
    EXPECT_EQ(mend_well("", "\xc3\xbc\r\n", BodyAim::seven_bit).body, "=C3=BC\r\n");
    EXPECT_FALSE(mend("", "plain\r\n", BodyAim::seven_bit).plan.has_work());
}

TEST(Mime, OddHeadersOfParts) {
    // No header at all, a header without its end, one that is cut by the boundary.
    const auto none = mend_well(kMixed, "--b 1\r\nHello there\r\n" + kLong + "\r\n--b 1--\r\n");
    EXPECT_THAT(none.body, HasSubstr("--b 1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                                     "Hello there\r\n"));
    const auto cut = mend_well(kMixed, "--b 1\r\nX-A: \xc3\xbc\r\n--b 1--\r\n");
    EXPECT_THAT(cut.body, HasSubstr("--b 1\r\nX-A: =?utf-8?B?w7w=?=\r\n--b 1--"));
    const auto end = mend_well(kMixed, "--b 1\r\nX-A: \xc3\xbc\r\n");
    EXPECT_EQ(end.body, "--b 1\r\nX-A: =?utf-8?B?w7w=?=\r\n");
    EXPECT_EQ(mend(kMixed, "--b 1\r\nX-A: " + std::string(70'000, 'x') + "\r\n\r\n").plan.trouble,
              BodyTrouble::part_header);
}

TEST(Mime, DepthAndCountAreBounded) {
    std::string deep;
    for (int i = 0; i < 60; ++i) {
        deep += "--b" + std::to_string(i) + "\r\nContent-Type: multipart/mixed; boundary=b" +
                std::to_string(i + 1) + "\r\n\r\n";
    }
    const std::string top = "Content-Type: multipart/mixed; boundary=b0\r\n";
    EXPECT_EQ(mend(top, deep).plan.trouble, BodyTrouble::too_deep);
    std::string nested;
    for (int i = 0; i < 60; ++i) nested += "Content-Type: message/rfc822\r\n\r\n";
    EXPECT_EQ(mend("Content-Type: message/rfc822\r\n", nested).plan.trouble, BodyTrouble::too_deep);
    std::string many;
    for (int i = 0; i < 10'001; ++i) many += "--b0\r\n";
    EXPECT_EQ(mend(top, many).plan.trouble, BodyTrouble::too_many_parts);
    std::string texts;
    for (int i = 0; i < 1000; ++i)
        texts += "--b0\r\nX-A: " + std::string(2000, 'a') + "\xff\r\n\r\n";
    EXPECT_EQ(mend(top, texts).plan.trouble, BodyTrouble::too_many_parts);
}

TEST(Mime, ALongLineThatBeginsLikeABoundaryIsNone) {
    const std::string body = "--b 1" + kLong + "\r\n--b 1x\r\n";
    EXPECT_EQ(mend(kMixed, body).plan.parts, 0U);
    EXPECT_EQ(mend(kMixed, "--b 1" + std::string(500, ' ') + "\r\n\r\nx").plan.parts, 0U);
}

}  // namespace
}  // namespace posthaste::mail
