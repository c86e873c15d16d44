// TlsPolicies: MTA-STS and TLS reports, for as long as the daemon delivers. What it stands on
// belongs to the daemon and outlives it; the courier uses it, so it is made before and stopped
// behind it. Reports go through the queue, so they begin behind it and end before it.
#pragma once

#include "app/config/settings.h"
#include "delivery/delivery.h"
#include "delivery/sts/mta_sts.h"
#include "delivery/sts/strangers_https.h"
#include "delivery/tls/tls_session_counts.h"
#include "delivery/tlsrpt/tls_report_ledger.h"
#include "delivery/tlsrpt/tls_reporter.h"
#include "queue/queue.h"
#include "store/lazy_writer.h"
#include "store/store.h"

#include <functional>
#include <optional>
#include <vector>

namespace posthaste::app {

class TlsPolicies {
  public:
    struct Parts {
        const Settings& settings;
        store::Store& store;
        net::Resolver& resolver;
        runtime::WorkerPool& workers;
        runtime::BlockingPool& blocking;
        Log& log;
    };

    explicit TlsPolicies(Parts parts);

    // For the courier; with nothing in it where all mail stays here.
    delivery::TlsServices services();
    std::vector<store::LazySource*> sources();

    delivery::MtaSts* sts() { return sts_ ? &*sts_ : nullptr; }

    // Null where none are made. Of use once `report_by` was called.
    delivery::TlsReporter* reporter() { return reporter_ ? &*reporter_ : nullptr; }

    // Behind `report_by`.
    void register_metrics(MetricsRegistry& registry);

    // Reports go out through that queue, which outlives this. Before `start`.
    void report_by(queue::Queue& queue);

    void start();  // once the workers run and the queue takes mail
    // `done` on some worker, when nothing of it runs any more. Any thread.
    void stop_reports(const std::function<void()>& done);
    void stop(const std::function<void()>& done);

  private:
    Parts parts_;
    std::optional<delivery::TlsReportLedger> ledger_;
    std::optional<delivery::TlsSessionCounts> counts_;  // in front of the ledger
    std::optional<delivery::StrangersHttps> https_;
    std::optional<delivery::MtaSts> sts_;
    std::optional<delivery::TlsReporter> reporter_;
};

}  // namespace posthaste::app
