#include "delivery/tlsrpt/tls_report_sums.h"

#include "delivery/testing.h"

#include <future>

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using testing_tools::Loop;

class TlsReportSumsTest : public ::testing::Test {
  protected:
    std::unique_ptr<store::Store> open_store() {
        store::Store::Options options;
        options.path = folder_ / "store";
        auto opened = store::Store::open(options, loop_.log);
        PH_ASSERT(opened.has_value());
        return std::move(*opened);
    }

    void write(store::Changes changes) {
        auto written = std::make_shared<std::promise<Result<void>>>();
        store_->committer().submit(std::move(changes), [written](Result<void> result) {
            written->set_value(std::move(result));
        });
        ASSERT_TRUE(written->get_future().get().has_value());
    }

    Loop loop_;
    store::testing::TempFolder folder_;
    std::unique_ptr<store::Store> store_ = open_store();
    const UtcDay day_ = std::chrono::year(2026) / 11 / 22;
};

TEST_F(TlsReportSumsTest, AreCountedByDayAndSurviveARestart) {
    TlsReportSums sums;
    ASSERT_TRUE(sums.load(store_->engine()).has_value());
    EXPECT_EQ(sums.of(day_).sent, 0U) << "nothing yet";
    write(sums.note(day_, TlsReportEnd::sent));
    write(sums.note(day_, TlsReportEnd::sent));
    write(sums.note(day_, TlsReportEnd::given_up));
    write(sums.note(day_ + std::chrono::days(1), TlsReportEnd::not_wanted));
    TlsReportSums later;
    ASSERT_TRUE(later.load(store_->engine()).has_value());
    EXPECT_EQ(later.of(day_).sent, 2U);
    EXPECT_EQ(later.of(day_).given_up, 1U);
    EXPECT_EQ(later.of(day_).not_wanted, 0U);
    EXPECT_EQ(later.of(day_ + std::chrono::days(1)).not_wanted, 1U);
    EXPECT_EQ(later.since_start().sent, 0U);
    EXPECT_EQ(sums.since_start().sent, 2U);
}

TEST_F(TlsReportSumsTest, OldDaysAreForgotten) {
    TlsReportSums sums;
    for (int i = 0; i < 30; ++i) write(sums.note(day_ + std::chrono::days(i), TlsReportEnd::sent));
    EXPECT_EQ(sums.of(day_).sent, 0U);
    const auto rows = store_->engine().kept(kTlsReportSumKind);
    ASSERT_TRUE(rows.has_value());
    EXPECT_EQ(rows->size(), 5U);
}

TEST_F(TlsReportSumsTest, DamagedRowsAreNoDays) {
    store::Changes changes;
    for (const auto* value :
         {"", "{}", "[1]", "{\"day\":99999999999999,\"sent\":3}", "{\"day\":-1,\"sent\":3}"}) {
        store::KeptRow row;
        row.kind = kTlsReportSumKind;
        row.key = value;
        row.value = value;
        row.expires = now() + std::chrono::hours(24);
        changes.push_back(store::PutKept{std::move(row)});
    }
    write(std::move(changes));
    TlsReportSums sums;
    ASSERT_TRUE(sums.load(store_->engine()).has_value());
    EXPECT_EQ(sums.of(day_).sent, 0U);
}

}  // namespace
}  // namespace posthaste::delivery
