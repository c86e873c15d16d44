// ReportDesk: how many reports each account has got in the present hour, and whose digest is due
// (delivery.md B-8). Beyond the limit what is to be told waits in the store for one message an
// hour. Thread-safe. What it hands out is written by the caller, in one submission with what it is
// about, and read again at the next start.
#pragma once

#include "base/mutex.h"
#include "base/time.h"
#include "mail/dsn/language.h"
#include "store/engine.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace posthaste::queue {

class ReportDesk {
  public:
    struct Options {
        std::uint32_t per_hour = 100;  // reports of their own for an account; 0: none
        Seconds digest_every = std::chrono::hours(1);
        mail::Language language = mail::Language::english;  // where nothing else says one
    };

    explicit ReportDesk(Options options) : options_(options) {}

    const Options& options() const { return options_; }

    Result<void> load(store::Engine& engine);

    // Whether one more report may be made for the account now, which it then counts as made: the
    // row is to be written. Nothing: it is to wait for the digest.
    std::optional<store::ReportCountRow> take(const std::string& account, store::QueueTime now);

    // Something for the account's digest is about to be written; when that is due.
    store::QueueTime wait(const std::string& account, store::QueueTime now);

    std::optional<store::QueueTime> next_due() const;
    // Taken off; `again_at` or `wait` bring it back.
    std::optional<std::string> take_due(store::QueueTime now);
    void again_at(const std::string& account, store::QueueTime at);

  private:
    static constexpr Seconds kHour{3600};

    void set_due(const std::string& account, store::QueueTime at) PH_REQUIRES(mutex_);
    void forget_old(store::QueueTime now) PH_REQUIRES(mutex_);

    struct Count {
        store::QueueTime hour;
        std::uint32_t made = 0;
    };

    const Options options_;
    mutable Mutex mutex_;
    std::unordered_map<std::string, Count> counts_ PH_GUARDED_BY(mutex_);
    std::size_t forget_from_ PH_GUARDED_BY(mutex_) = 1024;
    std::unordered_map<std::string, store::QueueTime> due_ PH_GUARDED_BY(mutex_);
    std::set<std::pair<store::QueueTime, std::string>> order_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::queue
