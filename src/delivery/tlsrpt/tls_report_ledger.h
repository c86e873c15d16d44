// TlsReportLedger: how TLS sessions of each day and domain came out, for the reports of RFC 8460.
// Counters in memory within bounds and, a few seconds behind, in the store, so that they survive a
// restart; nothing is kept longer than 48 hours behind the end of its day. Thread-safe, never
// blocks but in `load`.
#pragma once

#include "base/mutex.h"
#include "delivery/tls/tls_policy.h"
#include "store/engine.h"
#include "store/lazy_writer.h"

#include <chrono>
#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::delivery {

inline constexpr std::string_view kTlsReportKind = "tls-report";  // of its rows in the store

using UtcDay = std::chrono::sys_days;

// What failed sessions have in common; one line of a report.
struct TlsFailure {
    TlsResult result = TlsResult::validation_failure;
    std::string reason;
    std::string mx_host;
    std::string helo;
    std::string sending_ip;
    std::string receiving_ip;

    auto operator<=>(const TlsFailure&) const = default;
};

struct TlsPolicyCount {
    TlsSession::PolicyType type = TlsSession::PolicyType::no_policy_found;
    std::string policy_domain;
    std::vector<std::string> strings;
    std::vector<std::string> mx_patterns;
    std::uint64_t successes = 0;
    std::map<TlsFailure, std::uint64_t> failures;

    std::uint64_t failed() const;
};

// Of one day and domain.
using TlsDay = std::vector<TlsPolicyCount>;

std::string to_json(const TlsDay& day);
std::optional<TlsDay> tls_day_from_json(std::string_view text);

class TlsReportLedger final : public TlsSessionSink, public store::LazySource {
  public:
    struct Options {
        std::size_t domains = 20'000;  // of all days
        std::size_t octets = 32u << 20;
        std::function<Timestamp()> clock = now;
    };

    using Key = std::pair<UtcDay, std::string>;  // day and domain

    explicit TlsReportLedger(Options options) : options_(std::move(options)) {}

    // What the store has. Once, before anything is noted. Blocks.
    Result<void> load(store::Engine& engine);

    void note(const TlsSession& session) override;

    // Days that are over, by day and domain.
    std::vector<Key> complete() const;
    std::optional<TlsDay> find(const Key& key) const;
    // Forgets it; the change for the store is the caller's.
    store::Changes remove(const Key& key);

    void take_changes(store::Changes& into, std::size_t most) override;

  private:
    struct Entry {
        TlsDay day;
        std::size_t octets = 0;
        bool changed = false;
    };

    TlsPolicyCount* count_of(Entry& entry, const TlsSession& session) PH_REQUIRES(mutex_);
    void grow(Entry& entry, std::size_t octets) PH_REQUIRES(mutex_);

    const Options options_;
    mutable Mutex mutex_;
    std::map<Key, Entry> entries_ PH_GUARDED_BY(mutex_);
    std::size_t octets_ PH_GUARDED_BY(mutex_) = 0;
    std::set<Key> changed_ PH_GUARDED_BY(mutex_);
    bool has_expired_ PH_GUARDED_BY(mutex_) = false;  // rows in the store
};

}  // namespace posthaste::delivery
