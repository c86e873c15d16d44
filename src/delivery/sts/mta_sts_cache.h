// StsCache: the MTA-STS policies that are known, in memory within bounds and, behind it, in the
// store, so that they survive a restart (RFC 8461 §3.3, §10.2). Says nothing about when to fetch:
// that is mta_sts.h. Thread-safe, never blocks.
#pragma once

#include "base/mutex.h"
#include "delivery/tls/tls_policy.h"
#include "store/lazy_writer.h"

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace posthaste::delivery {

inline constexpr std::string_view kStsKind = "mta-sts";  // of its rows in the store

struct KnownSts {
    StsPolicy policy;
    Seconds max_age{};
    Timestamp fetched;
    Timestamp expires;
    Timestamp used;  // by mail, to the day
};

// The last fetch, if it did not work.
struct StsTrial {
    std::string id;  // of the record it was made for; empty: there was none any more
    Timestamp at;
    TlsResult result = TlsResult::sts_policy_fetch_error;
    std::string why;  // a sentence
};

struct StsEntry {
    std::shared_ptr<const KnownSts> known;  // may have expired
    std::optional<StsTrial> failed;

    // What still holds at `now`; null: nothing.
    const KnownSts* valid(Timestamp now) const {
        return known && now < known->expires ? known.get() : nullptr;
    }
};

// As rows are written; nothing when a row is not readable.
store::KeptRow to_row(const std::string& domain, const StsEntry& entry);
std::optional<StsEntry> from_row(const store::KeptRow& row);

class StsCache final : public store::LazySource {
  public:
    struct Limits {
        std::size_t domains = 20'000;
        std::size_t octets = 32u << 20;
        std::size_t unwritten = 20'000;
    };

    explicit StsCache(Limits limits) : limits_(limits) {}

    // Nothing: not in memory; the store is to be asked, and `loaded` to be told.
    std::optional<StsEntry> find(const std::string& domain);
    // What the store has; a policy that was fetched meanwhile stands.
    void loaded(const std::string& domain, StsEntry entry);

    void fetched(const std::string& domain, KnownSts known);
    void failed(const std::string& domain, StsTrial trial);
    void used(const std::string& domain, Timestamp now);

    // For the store: rows that have changed, and once in a while the removal of those that expired.
    void take_changes(store::Changes& into, std::size_t most) override;
    void remove_expired(Timestamp now);

    std::size_t size() const;

    struct Counts {
        std::size_t enforce = 0, testing = 0;  // policies in memory that hold now
    };

    Counts counts(Timestamp now) const;

  private:
    struct Place {
        std::string domain;
        StsEntry entry;
        std::size_t octets = 0;
    };

    using Places = std::list<Place>;  // last used first

    Place& place_of(const std::string& domain) PH_REQUIRES(mutex_);
    void changed(Place& place, bool write) PH_REQUIRES(mutex_);
    void shrink() PH_REQUIRES(mutex_);

    const Limits limits_;
    mutable Mutex mutex_;
    Places places_ PH_GUARDED_BY(mutex_);
    std::unordered_map<std::string, Places::iterator> by_domain_ PH_GUARDED_BY(mutex_);
    std::size_t octets_ PH_GUARDED_BY(mutex_) = 0;
    std::map<std::string, StsEntry> unwritten_ PH_GUARDED_BY(mutex_);
    std::optional<Timestamp> expired_before_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::delivery
