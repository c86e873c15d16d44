#include "delivery/sts/mta_sts_record.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using Texts = std::vector<std::string>;

TEST(StsRecord, the_one_record_gives_its_id) {
    const std::pair<Texts, const char*> table[] = {
        {{"v=STSv1; id=20260822T1;"}, "20260822T1"},
        {{"v=STSv1;id=1"}, "1"},
        {{"v=STSv1; \t id=a1 ; more=x-._~!;"}, "a1"},
        {{"v=STSv1; ext.name_1=v; id=abcdefghijklmnopqrstuvwxyz012345"},
         "abcdefghijklmnopqrstuvwxyz012345"},
        {{"v=spf1 -all", "v=STSv1; id=2;", "something else"}, "2"},
        {{"V=STSv1; id=9", "v=STSv2; id=8", "v=STSv1; id=2"}, "2"},
    };
    for (const auto& [texts, id] : table) {
        const auto read = read_sts_record(texts);
        ASSERT_TRUE(read.has_value()) << texts[0] << ": " << read.error().text;
        EXPECT_EQ(*read, id);
    }
}

TEST(StsRecord, anything_else_is_no_policy_and_says_why) {
    const std::pair<Texts, ErrorKind> table[] = {
        {{}, ErrorKind::not_found},
        {{"v=spf1 -all"}, ErrorKind::not_found},
        {{" v=STSv1; id=1"}, ErrorKind::not_found},
        {{"v=STSv1 ;id=1"}, ErrorKind::not_found},
        {{"v=STSv1"}, ErrorKind::not_found},
        {{"v=STSv1; id=1", "v=STSv1; id=1"}, ErrorKind::conflict},
        {{"v=STSv1;"}, ErrorKind::syntax},
        {{"v=STSv1; id="}, ErrorKind::syntax},
        {{"v=STSv1; id=a-b"}, ErrorKind::syntax},
        {{"v=STSv1; id=1; id=2"}, ErrorKind::syntax},
        {{"v=STSv1; id=abcdefghijklmnopqrstuvwxyz0123456"}, ErrorKind::syntax},
        {{"v=STSv1; ID=1"}, ErrorKind::syntax},
        {{"v=STSv1; id=1;; a=b"}, ErrorKind::syntax},
        {{"v=STSv1; id=1; a b=c"}, ErrorKind::syntax},
        {{"v=STSv1; id=1; a=b c"}, ErrorKind::syntax},
        {{"v=STSv1; id=1; \xc3\xa4=c"}, ErrorKind::syntax},
        {{"v=STSv1; id=1; " + std::string(33, 'a') + "=c"}, ErrorKind::syntax},
    };
    for (const auto& [texts, kind] : table) {
        const auto read = read_sts_record(texts);
        ASSERT_FALSE(read.has_value()) << (texts.empty() ? "" : texts[0]);
        EXPECT_EQ(read.error().kind, kind) << texts[0];
        EXPECT_FALSE(read.error().text.empty());
    }
}

TEST(TlsReportRecord, its_addresses_in_their_order) {
    using enum ReportAddress::Kind;
    const auto read = [](const char* text) {
        return read_tls_report_record(std::vector<std::string>{text})
            .value_or(std::vector<ReportAddress>());
    };
    using Addresses = std::vector<ReportAddress>;
    EXPECT_EQ(read("v=TLSRPTv1; rua=mailto:tls@example.net"),
              (Addresses{{mail, "tls@example.net"}}));
    EXPECT_EQ(
        read("v=TLSRPTv1;rua=mailto:tls@Example.NET,https://in.example.net:8443/tls?a=b%21;"),
        (Addresses{{mail, "tls@example.net"}, {https, "https://in.example.net:8443/tls?a=b%21"}}));
    EXPECT_EQ(
        read(
            "v=TLSRPTv1; rua=mailto:a%21b@x.example , MAILTO:c@x.example , HTTPS://x.example; x=1"),
        (Addresses{{mail, "a!b@x.example"}, {mail, "c@x.example"}, {https, "https://x.example"}}));
    EXPECT_EQ(read("v=TLSRPTv1; rua=mailto:a@x.example?subject=hello,mailto:a@x.example"),
              (Addresses{{mail, "a@x.example"}}))
        << "once, and without what it wants in the header";
}

TEST(TlsReportRecord, what_no_report_can_or_may_go_to_is_left_out) {
    for (const char* uri :
         {"http://x.example/", "ftp://x.example", "mailto:", "mailto:nobody",
          "mailto:a%0d%0ab@x.example", "https://", "https:///x", "https://localhost/",
          "https://127.0.0.1/", "https://[::1]/", "https://user@x.example/", "https://x.example:/",
          "https://x.example:123456/", "x"}) {
        const std::vector<std::string> only{std::string("v=TLSRPTv1; rua=") + uri};
        const auto alone = read_tls_report_record(only);
        ASSERT_FALSE(alone.has_value()) << uri;
        const std::vector<std::string> beside{only[0] + ",mailto:b@x.example"};
        const auto rest = read_tls_report_record(beside);
        ASSERT_TRUE(rest.has_value()) << uri;
        EXPECT_EQ(rest->size(), 1U) << uri;
    }
    const std::vector<std::string> two{"v=TLSRPTv1; rua=mailto:a@x.example",
                                       "v=TLSRPTv1; rua=mailto:b@x.example"};
    EXPECT_EQ(read_tls_report_record(two).error().kind, ErrorKind::conflict);
    EXPECT_EQ(read_tls_report_record({}).error().kind, ErrorKind::not_found);
}

TEST(TlsReportRecord, ten_addresses_at_most) {
    std::string text = "v=TLSRPTv1; rua=mailto:a0@x.example";
    for (int i = 1; i < 30; ++i) text += ",mailto:a" + std::to_string(i) + "@x.example";
    EXPECT_EQ(read_tls_report_record(std::vector<std::string>{text})->size(), 10U);
}

}  // namespace
}  // namespace posthaste::delivery
