// WarmUp: how much a new address of ours may send to each provider in a day (delivery.md 4.4).
// Providers judge an address by its past; one without a past that sends much is taken for a
// spammer's. So each day's cap is half again of the day before's, unless that day went badly, and
// is spread evenly over the day. Survives a restart. Thread-safe.
//
// A day is one of queue time, counted from the first mail to that provider: no clock that jumps
// makes days. Only a day on which the address was used there makes it warmer.
#pragma once

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/time.h"
#include "store/engine.h"
#include "store/lazy_writer.h"
#include "store/queue_time.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::delivery {

struct WarmUpPlan {
    std::uint64_t start = 0;           // recipients of a provider on the first day; at least 1
    std::uint64_t final = 0;           // once a day's cap would be that much, the address is warm
    std::optional<Timestamp> since{};  // it was used before: those days count as good ones

    bool operator==(const WarmUpPlan&) const = default;
};

class WarmUp final : public store::LazySource {
  public:
    static constexpr std::string_view kKind = "warm_up";  // of KeptRow
    static constexpr Seconds kDay = std::chrono::hours(24);

    using Plans = std::map<std::string, WarmUpPlan, std::less<>>;  // by source
    using QueueNow = std::function<store::QueueTime()>;

    WarmUp(Plans plans, QueueNow now);

    // What was learned before. Rows of sources that have no plan any more are left out.
    Result<void> load(store::Engine& engine);
    void restore(const std::vector<store::KeptRow>& rows);

    // Nothing to keep to: it has no plan, or is warm there, or nobody knows whose hosts these are.
    bool is_warm(std::string_view source, std::string_view provider);

    // Recipients about to be sent: nothing if they may go, and they are counted; else how long
    // until one may.
    std::optional<Seconds> take(std::string_view source, std::string_view provider,
                                std::uint64_t recipients);

    // What a host said about a recipient.
    enum class Word { fine, block_deferral, block };
    void heard(std::string_view source, std::string_view provider, Word word);

    // For people and metrics.
    struct Told {
        std::string source;
        std::string provider;
        std::uint64_t cap = 0;   // of today
        std::uint64_t sent = 0;  // today
        std::uint64_t day = 1;   // of those that counted
        std::uint64_t final = 0;
        std::string held_back;  // why tomorrow's is not larger; may be empty
    };

    std::vector<Told> list();
    void register_metrics(MetricsRegistry& registry) const;

    void take_changes(store::Changes& into, std::size_t most) override;

  private:
    struct State {
        store::QueueTime day_began;
        std::uint64_t grown = 0;  // times that the cap has grown
        std::uint64_t sent = 0;   // today, as the next three
        std::uint64_t words = 0;
        std::uint64_t deferrals = 0;
        bool blocked = false;
        store::QueueTime next{};  // when one more may be sent
    };

    static std::uint64_t cap_of(const WarmUpPlan& plan, const State& state);
    static bool went_badly(const State& state);
    State* state_of(std::string_view source, std::string_view provider) PH_REQUIRES(mutex_);
    void begin_days(const WarmUpPlan& plan, State& state, store::QueueTime now) PH_REQUIRES(mutex_);

    const Plans plans_;
    const QueueNow now_;
    Counter sent_;    // recipients that left from addresses while they were new
    Counter waited_;  // times that mail had to wait, or left from another address
    Mutex mutex_;
    std::map<std::string, State> states_ PH_GUARDED_BY(mutex_);  // "source provider"
    std::set<std::string> changed_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::delivery
