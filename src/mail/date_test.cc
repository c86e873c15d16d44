#include "mail/date.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

TEST(Date, readable_forms_stay) {
    for (const auto* good : {
             "Mon, 23 Nov 2026 14:07:14 +0000",
             " Mon, 23 Nov 2026 14:07:14 +0000 (UTC)",
             "23 Nov 2026 14:07 -0500",
             "Mon , 3 nov 26 4:07:14 EST",
             "Mon 23 Nov 2026 14:07:14 GMT",
             "Mon,23 Nov 2026 14:07:14 Z",
             "23 November 2026 14 : 07 : 14 +0100",
             "Mon, 23 Nov 2026\r\n 14:07:14 +0100\r\n\t(CET (x) \\) )",
             "(c) Mon, (c) 23 (c) Nov 2026 14:07:14 (c) +0100",
             "Mon, 23 Nov 2026 14:07:14",
             "Mon, 23 Nov 2026 14:07:14 GMT+0100",
             "Mon, 23 Nov 2026 14:07:14 +01:00",
             "Tue, 29 Feb 2028 23:59:60 +0000",
             "1 Jan 99 00:00:00 UT",
         }) {
        EXPECT_TRUE(is_date(good)) << good;
    }
}

TEST(Date, hopeless_forms_go) {
    for (const auto* bad : {
             "",
             " ",
             "today",
             "Mon, 23 Nov",
             "2026-11-23T14:07:14Z",
             "11/23/2026 14:07:14",
             "Mon Nov 23 14:07:14 2026",
             "Mon, 32 Nov 2026 14:07:14 +0000",
             "Mon, 31 Nov 2026 14:07:14 +0000",
             "Mon, 29 Feb 2027 14:07:14 +0000",
             "Mon, 0 Nov 2026 14:07:14 +0000",
             "Mon, 23 Nox 2026 14:07:14 +0000",
             "Mon, 23 Nov 2026 24:07:14 +0000",
             "Mon, 23 Nov 2026 14:60:14 +0000",
             "Mon, 23 Nov 2026 14:07:61 +0000",
             "Mon, 23 Nov 2026 14.07.14 +0000",
             "Mon, 23 Nov 2026 14:07:14 +",
             "Mon, 23 Nov 2026 14:07:14 +1",
             "Mon, 23 Nov 2026 14:07:14 +0000 tomorrow",
             "Mon, 23 Nov 20266 14:07:14 +0000",
             "Mon, 23 Nov 2026 14:07:14 +0000 (open",
             "Mon, 23 \xc3\xa9 2026 14:07:14 +0000",
             "99999999999999999999 Nov 2026 14:07:14 +0000",
         }) {
        EXPECT_FALSE(is_date(bad)) << bad;
    }
}

TEST(Date, says_when_it_is) {
    const Timestamp when(Seconds(1'795'442'834));  // 23 Nov 2026 14:07:14 UTC
    for (const auto* same : {"Mon, 23 Nov 2026 14:07:14 +0000", "23 Nov 26 15:07:14 +0100",
                             "23 Nov 2026 09:07:14 -0500", "23 Nov 2026 14:07:14",
                             "23 Nov 2026 19:37:14 +05:30", "23 Nov 2026 15:07:14 GMT+1",
                             "24 Nov 2026 00:07:14 +1000 (AEST)", "23 Nov 2026 14:07:14 UT"})
        EXPECT_EQ(parse_date(same), when) << same;
    EXPECT_FALSE(parse_date("yesterday"));
}

}  // namespace
}  // namespace posthaste::mail
