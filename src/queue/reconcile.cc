// Whether accepted = ended + open still holds (criterion 37): what the store has open is what the
// scheduler knows. Counted once a minute; when the counts differ, each recipient is looked for, and
// one that is missing on either side twice in a row is told by its name. What is on its way between
// the two at that moment is not there twice.
#include "queue/dispatcher.h"
#include "runtime/timer.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

constexpr Seconds kReadDeadline{60};
constexpr std::size_t kManyRows = 50'000;
constexpr unsigned kRoundsBetween = 10;  // with many rows: they are not all read every minute
constexpr std::size_t kMostTold = 20;

using Open = std::vector<Dispatcher::OpenKey>;

Result<Open> read_open(store::Store& store) {
    Open open;
    PH_CHECK(store.engine().for_each_open([&open](const store::OpenRecipient& row) {
        if (!row.report_due) open.emplace_back(row.id, row.index);
    }));
    std::ranges::sort(open);
    return open;
}

Open missing(const Open& here, const Open& there) {
    Open result;
    std::ranges::set_difference(here, there, std::back_inserter(result));
    return result;
}

}  // namespace

// Empty when all is well, when it cannot be read now, or when too much is under way to tell.
runtime::Task<Dispatcher::Unaccounted> Dispatcher::find_unaccounted() {
    Unaccounted found;
    auto read = [&store = parts_.store] { return read_open(store); };
    auto reading =
        runtime::offload(parts_.blocking, std::move(read), Deadline::after(kReadDeadline));
    const auto stored = co_await std::move(reading);
    if (!stored) co_return found;
    const Open known = scheduler_.open_keys();
    found.not_known = missing(*stored, known);
    found.not_stored = missing(known, *stored);
    co_return found;
}

void Dispatcher::tell_unaccounted(const Unaccounted& twice) {
    metrics_.unaccounted.set(
        static_cast<std::int64_t>(twice.not_known.size() + twice.not_stored.size()));
    const auto tell = [this](const std::vector<OpenKey>& keys, std::string_view what,
                             std::string_view mend) {
        for (std::size_t i = 0; i < std::min(keys.size(), kMostTold); ++i) {
            parts_.log.error("queue.unaccounted", {{"id", keys[i].first.to_string()},
                                                   {"recipient", keys[i].second},
                                                   {"missing", keys.size()},
                                                   {"what", what},
                                                   {"mend", mend}});
        }
    };
    tell(twice.not_known, "open in the store, and nobody tries it",
         "restart the server: it is tried then");
    tell(twice.not_stored, "waits to be tried, and the store has it no more",
         "look at posthaste trace ID and at the disk of the store; somebody else may have changed "
         "its files");
}

runtime::Task<void> Dispatcher::reconcile() {
    Unaccounted before;
    for (unsigned round = 1;; ++round) {
        auto sleeping = runtime::sleep_for(options_.reconcile_every);
        const auto slept = co_await std::move(sleeping);
        if (!slept || stopping_ || halted_) co_return;
        auto count = [&store = parts_.store] { return store.engine().counts(); };
        auto counting =
            runtime::offload(parts_.blocking, std::move(count), Deadline::after(kReadDeadline));
        const auto stored = co_await std::move(counting);
        if (!stored) continue;  // the store's own trouble is told elsewhere
        const Scheduler::Counts known = scheduler_.counts();
        const bool even = known.waiting + known.in_flight + known.held == stored->recipients;
        if (even) {
            before = {};
            metrics_.unaccounted.set(0);
            continue;
        }
        if (stored->recipients > kManyRows && round % kRoundsBetween > 1) continue;
        auto finding = find_unaccounted();
        Unaccounted now = co_await std::move(finding);
        Unaccounted twice;
        std::ranges::set_intersection(before.not_known, now.not_known,
                                      std::back_inserter(twice.not_known));
        std::ranges::set_intersection(before.not_stored, now.not_stored,
                                      std::back_inserter(twice.not_stored));
        before = std::move(now);
        tell_unaccounted(twice);
    }
}

}  // namespace posthaste::queue
