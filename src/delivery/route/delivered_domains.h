// DeliveredDomains: where mail was taken within the last 30 days. When such a domain is gone from
// DNS, its mail waits 4 hours: a registration that was forgotten, or an accident, is mended by then
// (delivery.md R-10). Written in batches; what is lost with a crash costs nothing but this grace.
// Thread-safe.
#pragma once

#include "base/mutex.h"
#include "runtime/offload.h"
#include "store/lazy_writer.h"
#include "store/store.h"

#include <deque>
#include <string>
#include <unordered_map>

namespace posthaste::delivery {

class DeliveredDomains final : public store::LazySource {
  public:
    explicit DeliveredDomains(store::Store& store) : store_(store) {}

    // Mail was taken there.
    void note(const std::string& domain, Timestamp now);

    // The domain does not exist: true while its mail should wait all the same. Asks the store, so
    // on the pool; when that fails, mail waits.
    runtime::Task<bool> has_grace(std::string domain, runtime::BlockingPool& blocking,
                                  Timestamp now);

    void take_changes(store::Changes& into, std::size_t most) override;

    static constexpr std::string_view kKind = "delivered-to";
    static constexpr std::size_t kMost = 50'000;  // known to be written already
    static constexpr Seconds kKept = std::chrono::days(30);
    static constexpr Seconds kGrace = std::chrono::hours(4);

  private:
    void write(std::string domain, std::string value, Timestamp expires) PH_REQUIRES(mutex_);

    store::Store& store_;
    Mutex mutex_;
    std::unordered_map<std::string, Timestamp> noted_ PH_GUARDED_BY(mutex_);  // when last written
    std::unordered_map<std::string, Timestamp> gone_ PH_GUARDED_BY(mutex_);   // missed since then
    std::deque<store::KeptRow> unwritten_ PH_GUARDED_BY(mutex_);
    Timestamp swept_ PH_GUARDED_BY(mutex_){};
};

}  // namespace posthaste::delivery
