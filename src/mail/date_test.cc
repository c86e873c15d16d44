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

}  // namespace
}  // namespace posthaste::mail
