#include "delivery/tls/tls_session_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Taken final : public TlsSessionSink {
  public:
    void note(const TlsSession& /*session*/) override { ++sessions; }

    int sessions = 0;
};

TlsSession session(TlsSession::PolicyType type, TlsResult result) {
    TlsSession session;
    session.type = type;
    session.result = result;
    session.domain = session.policy_domain = "secret.example";
    return session;
}

TEST(TlsSessionCounts, ByPolicyAndResultAndHandedOn) {
    Taken taken;
    TlsSessionCounts counts(&taken);
    using enum TlsSession::PolicyType;
    counts.note(session(tlsa, TlsResult::success));
    counts.note(session(tlsa, TlsResult::success));
    counts.note(session(tlsa, TlsResult::sts_webpki_invalid));  // the last of the list
    counts.note(session(no_policy_found, TlsResult::starttls_not_supported));
    EXPECT_EQ(taken.sessions, 4);
    EXPECT_EQ(counts.of(tlsa, TlsResult::success), 2U);
    EXPECT_EQ(counts.of(sts, TlsResult::success), 0U);
    MetricsRegistry registry;
    counts.register_metrics(registry);
    const std::string page = registry.render();
    EXPECT_THAT(page,
                HasSubstr("posthaste_tls_sessions_total{policy=\"dane\",result=\"success\"} 2\n"));
    EXPECT_THAT(page,
                HasSubstr("posthaste_tls_sessions_total{policy=\"sts\",result=\"success\"} 0\n"));
    EXPECT_THAT(page, HasSubstr("{policy=\"none\",result=\"starttls-not-supported\"} 1\n"));
    EXPECT_THAT(page, Not(HasSubstr("certificate-expired"))) << "what never was is not shown";
    EXPECT_THAT(page, Not(HasSubstr("secret.example"))) << "a label has no names";
}

TEST(TlsSessionCounts, NobodyElseListens) {
    TlsSessionCounts counts(nullptr);
    counts.note(session(TlsSession::PolicyType::sts, TlsResult::success));
    EXPECT_EQ(counts.of(TlsSession::PolicyType::sts, TlsResult::success), 1U);
}

}  // namespace
}  // namespace posthaste::delivery
