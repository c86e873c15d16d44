// TlsReporter: sends the reports of yesterday's TLS sessions to the domains that ask for them
// (RFC 8460 §3 to §5): behind midnight UTC, spread over four hours; asks for the address at that
// moment; tries for a day. By mail, signed, whatever is wrong with the domain's TLS, or by HTTPS.
// Runs on worker 0.
#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "delivery/sts/mta_sts_record.h"
#include "delivery/sts/strangers_https.h"
#include "delivery/tlsrpt/tls_report.h"
#include "delivery/tlsrpt/tls_report_sums.h"
#include "queue/queue.h"
#include "runtime/task_group.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace posthaste::delivery {

class TlsReporter {
  public:
    struct Options {
        std::string hostname;
        std::string admin;      // the address for questions
        bool successes = true;  // also of days without a failure
        std::function<Timestamp()> clock = now;
    };

    // All of it outlives this.
    struct Parts {
        TlsReportLedger& ledger;
        store::Store& store;
        net::Resolver& resolver;
        StrangersHttps& https;
        runtime::WorkerPool& workers;
        runtime::BlockingPool& blocking;
        Log& log;
        std::function<runtime::Task<Result<void>>(queue::Submission)> submit;
        std::function<bool(const mail::Domain&)> signs;  // whether that domain's mail is signed
    };

    TlsReporter(Options options, Parts parts);
    ~TlsReporter();

    void start();                                  // once the workers run
    void stop(const std::function<void()>& done);  // as MtaSts::stop

    // One round: sends what is due. For `start`, and for tests.
    runtime::Task<void> send_due();

    // What the store knows of the last days' reports. Once, before `start`; blocks.
    Result<void> load();

    struct Day {
        TlsReportSum ended;
        std::size_t waiting = 0;  // not sent yet, or to be tried again
    };

    // For people: the reports about that day. Any thread.
    Day reports_of(UtcDay day) const;
    void register_metrics(MetricsRegistry& registry) const;

    // When a report of that day is due.
    Timestamp due_at(const TlsReportLedger::Key& key) const;

  private:
    enum class Came { sent, not_wanted, again };

    struct Trial {
        unsigned tries = 0;
        Timestamp next;
    };

    runtime::Task<void> run();
    runtime::Task<Came> send(TlsReportLedger::Key key);
    runtime::Task<Came> send_to(TlsReportInput input, std::vector<ReportAddress> addresses);
    runtime::Task<Result<void>> mail_it(TlsReportInput input, std::string packed, std::string to);
    runtime::Task<Result<void>> post_it(std::string packed, std::string url);
    void tell_unsent(const std::string& domain, const std::string& to, const Error& error);
    runtime::Task<void> forget(TlsReportLedger::Key key, TlsReportEnd end);
    TlsReportInput describe(const TlsReportLedger::Key& key, TlsDay sessions) const;
    // The address and domain that a signed report comes from; nothing: no key signs for us.
    std::optional<mail::Mailbox> sender() const;
    static runtime::Task<void> close(runtime::TaskGroup& group, std::function<void()> done);

    const Options options_;
    const Parts parts_;
    std::map<TlsReportLedger::Key, Trial> trials_;  // worker 0
    TlsReportSums sums_;
    Counter made_, put_off_;
    UtcDay told_unsigned_{};
    std::unique_ptr<runtime::TaskGroup> group_;
    std::unique_ptr<runtime::TaskGroup> closer_;
};

}  // namespace posthaste::delivery
