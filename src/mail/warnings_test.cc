#include "mail/warnings.h"

#include "mail/date.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

const Timestamp kNow(Seconds(1'795'442'834));  // 23 Nov 2026 14:07:14 UTC

struct Row {
    const char* name;
    std::string header;
    bool bulk;
    std::string rules;  // of the warnings, each followed by a blank
};

class Warnings : public testing::TestWithParam<Row> {};

TEST_P(Warnings, are) {
    const auto header = HeaderBlock::parse(GetParam().header);
    ASSERT_TRUE(header);
    std::string rules;
    for (const Change& change : warnings_of(*header, kNow, GetParam().bulk)) {
        rules += change.rule + ' ';
        EXPECT_TRUE(change.text.starts_with(kWarning));
    }
    EXPECT_EQ(rules, GetParam().rules);
}

INSTANTIATE_TEST_SUITE_P(
    All, Warnings,
    testing::Values(Row{"now", "Date: Mon, 23 Nov 2026 14:07:14 +0000\r\n", false, ""},
                    Row{"almost_a_day_ahead", "Date: 24 Nov 2026 14:07:13 +0000\r\n", false, ""},
                    Row{"over_a_day_ahead", "Date: 24 Nov 2026 14:07:16 +0000\r\n", false, "F-3 "},
                    Row{"years_ahead", "Date: 1 Jan 2099 00:00:00 +0000\r\n", false, "F-3 "},
                    Row{"a_month", "Date: 24 Oct 2026 15:07:14 +0000\r\n", false, ""},
                    Row{"over_a_month", "Date: 24 Oct 2026 14:07:12 +0000\r\n", false, "F-3 "},
                    Row{"long_ago", "Date: 1 Jan 1970 00:00:00 +0000\r\n", false, "F-3 "},
                    Row{"no_date", "Subject: x\r\n", false, ""},
                    Row{"a_person_needs_no_link", "Subject: x\r\n", false, ""},
                    Row{"a_newsletter_does", "Subject: x\r\n", true, "RFC 8058 "},
                    Row{"a_link_alone", "List-Unsubscribe: <https://x.example/u>\r\n", true,
                        "RFC 8058 "},
                    Row{"by_mail_alone",
                        "List-Unsubscribe: <mailto:u@x.example>\r\n"
                        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                        true, "RFC 8058 "},
                    Row{"both",
                        "List-Unsubscribe: <mailto:u@x.example>,\r\n <HTTPS://x.example/u>\r\n"
                        "List-Unsubscribe-Post: list-unsubscribe=one-click\r\n",
                        true, ""}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace posthaste::mail
