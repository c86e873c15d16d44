#include "delivery/tls_policy.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

TEST(StsPolicyLists, TheHostsItNamesAndOneLabelForAnAsterisk) {
    StsPolicy policy;
    policy.mx = {"mx.example.com", "*.backup.example"};

    struct Case {
        const char* host;
        bool listed;
    };

    constexpr Case kCases[] = {
        {"mx.example.com", true},    {"MX.example.com.", true},
        {"mx2.example.com", false},  {"a.backup.example", true},
        {"backup.example", false},   {"a.b.backup.example", false},
        {".backup.example", false},  {"", false},
        {"x.mx.example.com", false}, {"abackup.example", false},
    };
    for (const auto& one : kCases) EXPECT_EQ(lists(policy, one.host), one.listed) << one.host;
    EXPECT_FALSE(lists(StsPolicy{}, "mx.example.com"));
}

TEST(TlsResult, HasTheNameOfTheRegistry) {
    EXPECT_EQ(to_string(TlsResult::starttls_not_supported), "starttls-not-supported");
    EXPECT_EQ(to_string(TlsResult::sts_webpki_invalid), "sts-webpki-invalid");
}

}  // namespace
}  // namespace posthaste::delivery
