// TlsReportSums: what became of the TLS reports of each day, for people and for the metrics. The
// last days are kept in the store, so that a restart at noon does not forget what was sent in the
// morning. Thread-safe, never blocks but in `load`.
#pragma once

#include "base/mutex.h"
#include "delivery/tlsrpt/tls_report_ledger.h"
#include "store/change.h"
#include "store/engine.h"

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

namespace posthaste::delivery {

inline constexpr std::string_view kTlsReportSumKind = "tls-report-sum";  // of its rows in the store

enum class TlsReportEnd : std::uint8_t { sent, given_up, not_wanted };

struct TlsReportSum {
    std::uint64_t sent = 0;        // one of its addresses has taken it
    std::uint64_t given_up = 0;    // none did for a day
    std::uint64_t not_wanted = 0;  // the domain asks for none
};

class TlsReportSums {
  public:
    Result<void> load(store::Engine& engine);

    // One report of that day has ended; the changes for the store are the caller's, to be written
    // with the end of the report itself.
    store::Changes note(UtcDay day, TlsReportEnd end);

    TlsReportSum of(UtcDay day) const;
    TlsReportSum since_start() const;

  private:
    mutable Mutex mutex_;
    std::map<UtcDay, TlsReportSum> days_ PH_GUARDED_BY(mutex_);
    TlsReportSum since_start_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::delivery
