#include "delivery/tlsrpt/tls_reporter.h"

#include "base/base64.h"
#include "delivery/testing.h"
#include "formats/gzip.h"
#include "formats/json.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing_tools::FakeResolver;
using testing_tools::Loop;

class TlsReporterTest : public ::testing::Test {
  protected:
    TlsReporterTest() {
        resolver_.set_txt("_smtp._tls.a.example", {"v=TLSRPTv1; rua=mailto:tls@a.example"});
        resolver_.set_addresses("in.a.example", {"192.0.2.1"});
        make(true);
    }

    void make(bool successes) {
        TlsReporter::Options options{"mail.us.example", "postmaster@us.example", successes,
                                     [this] { return now_; }};
        reporter_ = std::make_unique<TlsReporter>(
            std::move(options),
            TlsReporter::Parts{
                ledger_, *store_, resolver_, https_, loop_.workers, blocking_, loop_.log,
                [this](queue::Submission submission) { return submit(std::move(submission)); },
                [this](const mail::Domain& domain) { return signs_ == domain.ascii(); }});
    }

    runtime::Task<Result<void>> submit(queue::Submission submission) {
        if (refuse_) co_return fail(ErrorKind::store_full, "no space");
        sent_.push_back(std::move(submission));
        co_return Result<void>();
    }

    Result<net::HttpAnswer> post(const net::HttpCall& call) {
        const MutexLock lock(mutex_);
        calls_.push_back(call);
        return net::HttpAnswer{status_, {}, ""};
    }

    std::unique_ptr<store::Store> open_store() {
        store::Store::Options options;
        options.path = folder_ / "store";
        auto opened = store::Store::open(options, loop_.log);
        PH_ASSERT(opened.has_value());
        return std::move(*opened);
    }

    void note(TlsResult result, int times, const std::string& domain = "a.example") {
        TlsSession session;
        session.domain = session.policy_domain = domain;
        session.result = result;
        session.mx_host = "mx." + domain;
        for (int i = 0; i < times; ++i) ledger_.note(session);
    }

    void round() { loop_.run(reporter_->send_due()); }

    Timestamp due() const { return reporter_->due_at({day_, "a.example"}); }

    const UtcDay day_ = std::chrono::year(2026) / 11 / 22;
    Timestamp now_ = Timestamp(day_) + 12h;
    Loop loop_;
    FakeResolver resolver_;
    store::testing::TempFolder folder_;
    std::unique_ptr<store::Store> store_ = open_store();
    runtime::BlockingPool blocking_{"blocking", 1, 100};
    TlsReportLedger ledger_{{100, 1 << 20, [this] { return now_; }}};
    std::string signs_ = "us.example";
    bool refuse_ = false;
    std::vector<queue::Submission> sent_;
    Mutex mutex_;
    int status_ PH_GUARDED_BY(mutex_) = 201;
    std::vector<net::HttpCall> calls_ PH_GUARDED_BY(mutex_);
    StrangersHttps https_{
        {}, resolver_, [this](const net::HttpCall& call, Deadline) { return post(call); }};
    std::unique_ptr<TlsReporter> reporter_;
};

TEST_F(TlsReporterTest, one_report_a_day_and_domain_behind_midnight) {
    note(TlsResult::success, 5);
    note(TlsResult::certificate_expired, 3);
    round();
    EXPECT_THAT(sent_, IsEmpty()) << "the day is not over";
    EXPECT_GE(due(), Timestamp(day_) + 24h);
    EXPECT_LT(due(), Timestamp(day_) + 28h);
    now_ = due() - 1s;
    round();
    EXPECT_THAT(sent_, IsEmpty());
    now_ = due();
    round();
    round();
    now_ += 24h;
    round();
    ASSERT_THAT(sent_, SizeIs(1));
    const queue::Submission& report = sent_.front();
    EXPECT_EQ(report.envelope.sender, std::nullopt);
    EXPECT_EQ(report.envelope.recipients.front().address.to_string(), "tls@a.example");
    EXPECT_EQ(report.tls_wish, store::TlsWish::optional);
    EXPECT_EQ(report.expire, std::optional<Seconds>(24h));
    EXPECT_FALSE(report.body_hash.empty()) << "it is to be signed";
    EXPECT_THAT(report.header, HasSubstr("From: TLS reports <postmaster@us.example>\r\n"));
    EXPECT_THAT(report.header,
                HasSubstr("Subject: Report Domain: a.example\r\n Submitter: us.example\r\n "
                          "Report-ID: <2026-11-22.a.example."));
    EXPECT_THAT(report.header, HasSubstr("TLS-Report-Domain: a.example\r\n"));
    EXPECT_THAT(report.header, HasSubstr("TLS-Report-Submitter: us.example\r\n"));
    EXPECT_THAT(*report.body.octets,
                HasSubstr("filename=\"us.example!a.example!1795305600!1795391999!"));
    EXPECT_THAT(*report.body.octets, HasSubstr("Sessions that failed: 3\r\n"));
}

TEST_F(TlsReporterTest, the_json_is_as_the_standard_has_it) {
    TlsReportInput input;
    input.domain = "a.example";
    input.day = day_;
    input.organization = input.submitter = "us.example";
    input.contact = "postmaster@us.example";
    input.hostname = "mail.us.example";
    TlsPolicyCount sts;
    sts.type = TlsSession::PolicyType::sts;
    sts.policy_domain = "a.example";
    sts.strings = {"version: STSv1", "mode: testing", "mx: *.a.example", "max_age: 86400"};
    sts.mx_patterns = {"*.a.example"};
    sts.successes = 5326;
    sts.failures[{TlsResult::certificate_expired, "X509_V_ERR", "mx1.a.example", "mx1", "192.0.2.7",
                  "2001:db8::2"}] = 100;
    sts.failures[{TlsResult::starttls_not_supported, "", "mx2.a.example", "", "", ""}] = 200;
    TlsPolicyCount none;
    none.policy_domain = "a.example";
    none.successes = 1;
    input.sessions = {sts, none};
    const auto id = tls_report_id(input);
    EXPECT_EQ(
        tls_report_json(input),
        R"({"organization-name":"us.example","date-range":{"start-datetime":"2026-11-22T00:00:00Z",)"
        R"("end-datetime":"2026-11-22T23:59:59Z"},"contact-info":"postmaster@us.example","report-id":")" +
            id +
            R"(","policies":[{"policy":{"policy-type":"sts","policy-string":["version: STSv1",)"
            R"("mode: testing","mx: *.a.example","max_age: 86400"],"policy-domain":"a.example",)"
            R"("mx-host":["*.a.example"]},"summary":{"total-successful-session-count":5326,)"
            R"("total-failure-session-count":300},"failure-details":[)"
            R"({"result-type":"starttls-not-supported","receiving-mx-hostname":"mx2.a.example",)"
            R"("failed-session-count":200},)"
            R"({"result-type":"certificate-expired","sending-mta-ip":"192.0.2.7",)"
            R"("receiving-mx-hostname":"mx1.a.example","receiving-mx-helo":"mx1",)"
            R"("receiving-ip":"2001:db8::2","failed-session-count":100,)"
            R"("failure-reason-code":"X509_V_ERR"}]},)"
            R"({"policy":{"policy-type":"no-policy-found","policy-domain":"a.example"},)"
            R"("summary":{"total-successful-session-count":1,"total-failure-session-count":0}}]})");
    EXPECT_EQ(tls_report_id(input), id) << "the same for the same day";
}

TEST_F(TlsReporterTest, who_asks_for_none_gets_none) {
    note(TlsResult::success, 1);
    resolver_.set_txt("_smtp._tls.a.example", net::DnsStatus::no_name, "");
    now_ = due();
    round();
    EXPECT_THAT(sent_, IsEmpty());
    EXPECT_THAT(ledger_.complete(), IsEmpty()) << "and nothing of it is kept";
}

TEST_F(TlsReporterTest, days_without_a_failure_may_be_left_out) {
    make(false);
    note(TlsResult::success, 9);
    now_ = due();
    round();
    EXPECT_THAT(sent_, IsEmpty());
    EXPECT_THAT(ledger_.complete(), IsEmpty());
    note(TlsResult::success, 9);
    note(TlsResult::dane_required, 1);
    now_ += 24h;
    round();
    EXPECT_THAT(sent_, SizeIs(1));
}

TEST_F(TlsReporterTest, what_cannot_be_sent_is_tried_for_a_day) {
    note(TlsResult::success, 1);
    resolver_.set_txt("_smtp._tls.a.example", net::DnsStatus::failed, "SERVFAIL");
    now_ = due();
    round();
    EXPECT_THAT(ledger_.complete(), SizeIs(1));
    resolver_.set_txt("_smtp._tls.a.example", {"v=TLSRPTv1; rua=mailto:tls@a.example"});
    refuse_ = true;
    now_ += 9min;
    round();
    refuse_ = false;
    round();
    EXPECT_THAT(sent_, IsEmpty()) << "not again within ten minutes";
    now_ += 1min;
    round();
    EXPECT_THAT(sent_, SizeIs(1));
    EXPECT_THAT(ledger_.complete(), IsEmpty());
}

TEST_F(TlsReporterTest, behind_a_day_it_is_given_up) {
    note(TlsResult::success, 1);
    refuse_ = true;
    const Timestamp begin = due();
    for (now_ = begin; now_ < begin + 24h; now_ += 30min) round();
    EXPECT_THAT(ledger_.complete(), SizeIs(1));
    now_ = begin + 24h + 6h;
    round();
    EXPECT_THAT(ledger_.complete(), IsEmpty());
    EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(TlsReporterTest, what_became_of_them_is_counted_over_a_restart) {
    ASSERT_TRUE(reporter_->load().has_value());
    note(TlsResult::success, 1);
    note(TlsResult::success, 1, "quiet.example");  // asks for none
    now_ = Timestamp(day_) + 24h;
    EXPECT_EQ(reporter_->reports_of(day_).waiting, 2U);
    EXPECT_EQ(reporter_->reports_of(day_).ended.sent, 0U);
    refuse_ = true;
    now_ = Timestamp(day_) + 28h;  // both are due
    round();
    EXPECT_EQ(reporter_->reports_of(day_).waiting, 1U);
    EXPECT_EQ(reporter_->reports_of(day_).ended.not_wanted, 1U);
    refuse_ = false;
    now_ += 10min;
    round();
    MetricsRegistry registry;
    reporter_->register_metrics(registry);
    const std::string page = registry.render();
    for (const auto* line : {"{what=\"made\"} 1\n", "{what=\"sent\"} 1\n", "{what=\"put_off\"} 1\n",
                             "{what=\"failed\"} 0\n"})
        EXPECT_THAT(page, HasSubstr(line));
    make(true);
    EXPECT_EQ(reporter_->reports_of(day_).ended.sent, 0U);
    ASSERT_TRUE(reporter_->load().has_value());
    EXPECT_EQ(reporter_->reports_of(day_).ended.sent, 1U);
    EXPECT_EQ(reporter_->reports_of(day_).waiting, 0U);
}

TEST_F(TlsReporterTest, by_https_and_one_that_takes_it_is_enough) {
    note(TlsResult::certificate_not_trusted, 2);
    signs_ = "";  // by mail it must be signed
    resolver_.set_txt("_smtp._tls.a.example",
                      {"v=TLSRPTv1; rua=mailto:tls@a.example,https://in.a.example:8443/tls?x=1"});
    now_ = due();
    {
        const MutexLock lock(mutex_);
        status_ = 503;
    }
    round();
    EXPECT_THAT(ledger_.complete(), SizeIs(1));
    {
        const MutexLock lock(mutex_);
        status_ = 201;
    }
    now_ += 10min;
    round();
    EXPECT_THAT(sent_, IsEmpty());
    EXPECT_THAT(ledger_.complete(), IsEmpty());
    const MutexLock lock(mutex_);
    ASSERT_THAT(calls_, SizeIs(2));
    EXPECT_EQ(calls_.back().method, "POST");
    EXPECT_EQ(calls_.back().url, "https://in.a.example:8443/tls?x=1");
    EXPECT_EQ(calls_.back().content_type, "application/tlsrpt+gzip");
    EXPECT_EQ(calls_.back().body.substr(0, 2), "\x1f\x8b");
}

TEST_F(TlsReporterTest, a_place_in_our_own_network_gets_none) {
    note(TlsResult::success, 1);
    resolver_.set_txt("_smtp._tls.a.example", {"v=TLSRPTv1; rua=https://in.a.example/tls"});
    resolver_.set_addresses("in.a.example", {"169.254.169.254", "10.0.0.1"});
    now_ = due();
    round();
    const MutexLock lock(mutex_);
    EXPECT_THAT(calls_, IsEmpty());
}

TEST_F(TlsReporterTest, the_host_name_signs_where_the_address_of_the_admin_does_not) {
    note(TlsResult::success, 1);
    signs_ = "mail.us.example";
    now_ = due();
    round();
    ASSERT_THAT(sent_, SizeIs(1));
    EXPECT_THAT(sent_.front().header, HasSubstr("From: TLS reports <postmaster@mail.us.example>"));
    EXPECT_THAT(sent_.front().header, HasSubstr("TLS-Report-Submitter: mail.us.example\r\n"));
}

}  // namespace
}  // namespace posthaste::delivery
