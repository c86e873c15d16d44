#include "store/lazy_writer.h"

#include <utility>

namespace posthaste::store {

LazyWriter::LazyWriter(Committer& committer, std::vector<LazySource*> sources)
    : committer_(committer), sources_(std::move(sources)) {}

Changes LazyWriter::gather() {
    Changes changes;
    for (LazySource* const source : sources_) {
        if (changes.size() < kBatch) source->take_changes(changes, kBatch - changes.size());
    }
    return changes;
}

void LazyWriter::tick(SteadyTime now) {
    {
        const MutexLock lock(mutex_);
        if (now < due_) return;
        due_ = now + kEvery;
    }
    // A full disk is for mail and its outcomes.
    if (committer_.health() != Health::ok || under_way_->exchange(true)) return;
    auto changes = gather();
    if (changes.empty()) {
        *under_way_ = false;
        return;
    }
    committer_.submit(std::move(changes),
                      [under_way = under_way_](const Result<void>&) { *under_way = false; });
}

void LazyWriter::flush() {
    while (committer_.health() == Health::ok) {
        auto changes = gather();
        if (changes.empty()) return;
        if (!committer_.submit_and_wait(std::move(changes))) return;
    }
}

}  // namespace posthaste::store
