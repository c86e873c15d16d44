#include "delivery/tlsrpt/tls_report_ledger.h"

#include "store/store.h"
#include "store/testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TlsSession session(const std::string& domain, TlsResult result = TlsResult::success) {
    TlsSession one;
    one.domain = one.policy_domain = domain;
    one.result = result;
    one.mx_host = "mx." + domain;
    one.helo = "helo." + domain;
    one.sending_ip = IpAddress::parse("192.0.2.1");
    one.receiving_ip = IpAddress::parse("2001:db8::1");
    return one;
}

class TlsReportLedgerTest : public ::testing::Test {
  protected:
    TlsReportLedger make(std::size_t domains = 100, std::size_t octets = 1 << 20) {
        return TlsReportLedger({domains, octets, [this] { return now_; }});
    }

    const UtcDay day_ = std::chrono::year(2026) / 11 / 22;
    Timestamp now_ = Timestamp(day_) + 12h;
};

TEST_F(TlsReportLedgerTest, sessions_are_counted_by_day_domain_policy_and_failure) {
    auto ledger = make();
    for (int i = 0; i < 5; ++i) ledger.note(session("a.example"));
    for (int i = 0; i < 3; ++i) ledger.note(session("a.example", TlsResult::certificate_expired));
    ledger.note(session("b.example"));
    auto sts = session("a.example", TlsResult::validation_failure);
    sts.type = TlsSession::PolicyType::sts;
    sts.policy_strings = {"version: STSv1", "mode: enforce"};
    sts.mx_patterns = {"*.a.example"};
    ledger.note(sts);
    EXPECT_THAT(ledger.complete(), IsEmpty()) << "the day is not over";
    now_ = Timestamp(day_) + 24h;
    ledger.note(session("a.example"));
    ASSERT_THAT(ledger.complete(), SizeIs(2));
    const auto day = ledger.find({day_, "a.example"});
    ASSERT_TRUE(day.has_value());
    ASSERT_THAT(*day, SizeIs(2));
    EXPECT_EQ((*day)[0].successes, 5U);
    EXPECT_EQ((*day)[0].failed(), 3U);
    EXPECT_THAT((*day)[0].failures, SizeIs(1));
    const auto& failure = (*day)[0].failures.begin()->first;
    EXPECT_EQ(failure.mx_host, "mx.a.example");
    EXPECT_EQ(failure.helo, "helo.a.example");
    EXPECT_EQ(failure.sending_ip, "192.0.2.1");
    EXPECT_EQ(failure.receiving_ip, "2001:db8::1");
    EXPECT_EQ((*day)[1].type, TlsSession::PolicyType::sts);
    EXPECT_EQ((*day)[1].strings, sts.policy_strings);
}

TEST_F(TlsReportLedgerTest, counters_survive_a_restart_and_go_when_they_have_been_sent) {
    store::testing::TempFolder folder;
    Log log({LogFormat::logfmt, LogLevel::error, 2, 1024});
    store::Store::Options options;
    options.path = folder / "store";
    const auto store = *store::Store::open(options, log);
    const auto write = [&](store::Changes changes) {
        ASSERT_TRUE(store->committer().submit_and_wait(std::move(changes)).has_value());
    };
    const TlsReportLedger::Key key{day_, "a.example"};
    {
        auto ledger = make();
        ledger.note(session("a.example", TlsResult::starttls_not_supported));
        ledger.note(session("a.example"));
        store::Changes changes;
        ledger.take_changes(changes, 100);
        write(std::move(changes));
        changes = {};
        ledger.take_changes(changes, 100);
        EXPECT_THAT(changes, IsEmpty()) << "nothing has changed since";
    }
    auto again = make();
    ASSERT_TRUE(again.load(store->engine()).has_value());
    again.note(session("a.example"));
    const auto day = again.find(key);
    ASSERT_TRUE(day.has_value());
    EXPECT_EQ(day->front().successes, 2U);
    EXPECT_EQ(day->front().failures.begin()->first.result, TlsResult::starttls_not_supported);
    write(again.remove(key));
    EXPECT_EQ(again.find(key), std::nullopt);
    EXPECT_THAT(*store->engine().kept(kTlsReportKind), IsEmpty());
    store::Changes changes;
    again.take_changes(changes, 100);
    EXPECT_THAT(changes, IsEmpty()) << "what was sent is not written again";
}

TEST_F(TlsReportLedgerTest, raw_data_is_kept_for_48_hours_at_most) {
    store::testing::TempFolder folder;
    Log log({LogFormat::logfmt, LogLevel::error, 2, 1024});
    store::Store::Options options;
    options.path = folder / "store";
    const auto store = *store::Store::open(options, log);
    auto ledger = make();
    ledger.note(session("a.example"));
    store::Changes changes;
    ledger.take_changes(changes, 100);
    ASSERT_TRUE(store->committer().submit_and_wait(std::move(changes)).has_value());
    now_ = Timestamp(day_) + 24h + 47h;
    auto late = make();
    ASSERT_TRUE(late.load(store->engine()).has_value());
    EXPECT_THAT(late.complete(), SizeIs(1));
    now_ += 1h;
    auto too_late = make();
    ASSERT_TRUE(too_late.load(store->engine()).has_value());
    EXPECT_THAT(too_late.complete(), IsEmpty());
    changes = {};
    too_late.take_changes(changes, 100);
    ASSERT_TRUE(store->committer().submit_and_wait(std::move(changes)).has_value());
    EXPECT_THAT(*store->engine().kept(kTlsReportKind), IsEmpty()) << "on disk neither";
}

// Who controls a host can say anything, and go on saying other things.
TEST_F(TlsReportLedgerTest, hosts_cannot_fill_the_memory) {
    auto ledger = make(3);
    for (int i = 0; i < 10; ++i) ledger.note(session(std::to_string(i) + ".example"));
    now_ += 24h;
    EXPECT_THAT(ledger.complete(), SizeIs(3));

    auto one = make(100, 200'000);
    for (int i = 0; i < 300; ++i) {
        auto told = session("a.example", TlsResult::validation_failure);
        told.helo = std::string(10'000, 'x') + std::to_string(i);
        told.reason = std::to_string(i);
        one.note(told);
        auto other = session("a.example");
        other.policy_strings.assign(200, std::string(1000, 'y') + std::to_string(i));
        one.note(other);
    }
    now_ += 24h;
    const auto day = *one.find({day_ + std::chrono::days(1), "a.example"});
    EXPECT_LE(day.size(), 20U);
    EXPECT_EQ(day.front().failed(), 300U) << "all are counted, not all are told apart";
    EXPECT_LE(day.front().failures.size(), 101U);
    EXPECT_LT(to_json(day).size(), 400'000U);
}

TEST(TlsDay, rows_that_are_not_ours_are_left_out) {
    for (const char* text : {"", "{}", "[1]", "[[]]", "null"})
        EXPECT_FALSE(tls_day_from_json(text).has_value()) << text;
    EXPECT_TRUE(tls_day_from_json("[]").has_value());
    const auto odd = tls_day_from_json(
        R"([{"type":99,"successes":-4,"strings":[1],"failures":[{"result":99,"times":2},7]}])");
    ASSERT_TRUE(odd.has_value());
    EXPECT_EQ(odd->front().successes, 0U);
    EXPECT_EQ(odd->front().failed(), 2U);
}

}  // namespace
}  // namespace posthaste::delivery
