// TlsSessionCounts: how TLS sessions came out, by what was asked of them (DANE, MTA-STS, nothing)
// and result: numbers for the metrics, without a name of anybody. Hands each session on. Lock-free,
// any thread.
#pragma once

#include "base/metrics.h"
#include "delivery/tls/tls_policy.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace posthaste::delivery {

class TlsSessionCounts final : public TlsSessionSink {
  public:
    static constexpr std::size_t kTypes = 3;
    static constexpr std::size_t kResults =
        static_cast<std::size_t>(TlsResult::sts_webpki_invalid) + 1;

    // `next` may be null; it outlives this.
    explicit TlsSessionCounts(TlsSessionSink* next) : next_(next) {}

    void note(const TlsSession& session) override;

    std::uint64_t of(TlsSession::PolicyType type, TlsResult result) const;

    // posthaste_tls_sessions_total{policy="dane",result="success"}
    void register_metrics(MetricsRegistry& registry) const;

  private:
    TlsSessionSink* const next_;
    std::array<std::array<Counter, kResults>, kTypes> counts_;
};

}  // namespace posthaste::delivery
