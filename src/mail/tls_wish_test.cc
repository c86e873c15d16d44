#include "mail/tls_wish.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

TEST(TlsWish, OneFieldOneWord) {
    struct Case {
        const char* header;
        bool optional;
    };

    constexpr Case kCases[] = {
        {"From: a@b.example\r\nTLS-Required: No\r\n", true},
        {"tls-required:no\r\nTo: x\r\n", true},
        {"TLS-Required: no", true},
        {"TLS-Required \t: no\r\n", true},
        {"TLS-Required: no\r\nTLS-Required : yes\r\n", false},
        {"TLS-Required-Not: no\r\n", false},
        {"TLS-Required", false},
        {"TLS-Required: yes\r\n", false},
        {"TLS-Required: no thanks\r\n", false},
        {"TLS-Required: no\r\n thanks\r\n", false},
        {"TLS-Required: no\r\nTLS-Required: no\r\n", false},
        {"Subject: TLS-Required: no\r\n", false},
        {"Subject: x\r\n TLS-Required: no\r\n", false},
        {"", false},
    };
    for (const auto& one : kCases)
        EXPECT_EQ(says_tls_is_optional(one.header), one.optional) << one.header;
}

}  // namespace
}  // namespace posthaste::mail
