#include "mail/trace.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

TEST(Received, says_no_more_than_it_must) {
    TraceInfo info{
        .by = "mail.example.com", .protocol = "ESMTPSA", .tls = "TLSv1.3", .id = {}, .at = {}};
    EXPECT_EQ(make_received(info),
              "Received: from [authenticated] by mail.example.com\r\n"
              "\twith ESMTPSA (TLSv1.3) id 00000000000000000000000000;\r\n"
              "\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
    info.tls = "x) \r\nBcc: (";
    const auto header = HeaderBlock::parse(make_received(info)).value();
    EXPECT_EQ(header.fields().size(), 1U);
    EXPECT_NE(make_received(info).find("(x Bcc )"), std::string::npos);
}

TEST(Received, is_counted) {
    const auto header =
        HeaderBlock::parse("Received: a\r\nreceived : b\r\nX-Received: c\r\nRECEIVED:\r\n").value();
    EXPECT_EQ(count_hops(header), 3U);
}

}  // namespace
}  // namespace posthaste::mail
