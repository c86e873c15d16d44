#include "delivery/tls/tls_session_counts.h"

#include <string>
#include <utility>
#include <vector>

namespace posthaste::delivery {

namespace {

constexpr std::array<std::string_view, TlsSessionCounts::kTypes> kTypeNames{"none", "sts", "dane"};

}  // namespace

void TlsSessionCounts::note(const TlsSession& session) {
    counts_.at(static_cast<std::size_t>(session.type))
        .at(static_cast<std::size_t>(session.result))
        .add();
    if (next_ != nullptr) next_->note(session);
}

std::uint64_t TlsSessionCounts::of(TlsSession::PolicyType type, TlsResult result) const {
    return counts_.at(static_cast<std::size_t>(type)).at(static_cast<std::size_t>(result)).value();
}

// Those that are still 0 are shown for success alone: an alarm on "any but success" needs no list.
void TlsSessionCounts::register_metrics(MetricsRegistry& registry) const {
    registry.add(
        "posthaste_tls_sessions_total",
        "sessions with receivers' servers that tried TLS, by the policy that held and by "
        "result as in RFC 8460 4.3",
        MetricKind::counter, [this] {
            std::vector<MetricSample> samples;
            for (std::size_t type = 0; type < kTypes; ++type) {
                for (std::size_t result = 0; result < kResults; ++result) {
                    const auto value = counts_.at(type).at(result).value();
                    if (value == 0 && result != 0) continue;
                    samples.push_back(
                        {{{"policy", std::string(kTypeNames.at(type))},
                          {"result", std::string(to_string(static_cast<TlsResult>(result)))}},
                         static_cast<std::int64_t>(value)});
                }
            }
            return samples;
        });
}

}  // namespace posthaste::delivery
