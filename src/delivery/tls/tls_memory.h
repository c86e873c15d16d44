// Hosts at which TLS does not work (delivery.md 2.6): mail that may leave in clear does not try two
// handshakes again before it does, for three days at most, and over a restart. Bounded,
// thread-safe.
#pragma once

#include "base/mutex.h"
#include "base/time.h"
#include "store/engine.h"
#include "store/lazy_writer.h"

#include <map>
#include <string>
#include <vector>

namespace posthaste::delivery {

class BrokenTls final : public store::LazySource {
  public:
    static constexpr auto kRemembered = std::chrono::days(3);
    static constexpr std::size_t kMost = 10'000;  // hosts

    // What was known before. Errors: as the store's.
    Result<void> load(store::Engine& engine, Timestamp moment = now());

    bool is_broken(const std::string& host, Timestamp moment = now()) const;
    // True when it was not known.
    bool broke(const std::string& host, Timestamp moment = now());
    void worked(const std::string& host);

    void take_changes(store::Changes& into, std::size_t most) override;

  private:
    mutable Mutex mutex_;
    std::map<std::string, Timestamp> until_ PH_GUARDED_BY(mutex_);
    std::vector<std::string> unsaved_ PH_GUARDED_BY(mutex_);  // hosts of which something changed
};

}  // namespace posthaste::delivery
