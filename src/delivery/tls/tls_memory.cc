#include "delivery/tls/tls_memory.h"

namespace posthaste::delivery {

namespace {

constexpr const char* kKind = "tls-broken";

}  // namespace

Result<void> BrokenTls::load(store::Engine& engine, Timestamp moment) {
    PH_TRY(const auto rows, engine.kept(kKind));
    MutexLock lock(mutex_);
    for (const store::KeptRow& row : rows) {
        if (row.expires > moment && until_.size() < kMost) until_[row.key] = row.expires;
    }
    return {};
}

bool BrokenTls::is_broken(const std::string& host, Timestamp moment) const {
    MutexLock lock(mutex_);
    const auto found = until_.find(host);
    return found != until_.end() && found->second > moment;
}

bool BrokenTls::broke(const std::string& host, Timestamp moment) {
    MutexLock lock(mutex_);
    if (until_.size() >= kMost)
        std::erase_if(until_, [moment](const auto& item) { return item.second <= moment; });
    if (until_.size() >= kMost && !until_.contains(host)) return false;
    Timestamp& until = until_[host];
    const bool news = until <= moment;
    // Three days from the first time: then TLS is tried in earnest again.
    if (!news) return false;
    until = moment + kRemembered;
    unsaved_.push_back(host);
    return true;
}

void BrokenTls::worked(const std::string& host) {
    MutexLock lock(mutex_);
    if (until_.empty() || until_.erase(host) == 0) return;
    unsaved_.push_back(host);
}

void BrokenTls::take_changes(store::Changes& into, std::size_t most) {
    MutexLock lock(mutex_);
    for (; most > 0 && !unsaved_.empty(); --most) {
        const std::string host = std::move(unsaved_.back());
        unsaved_.pop_back();
        const auto found = until_.find(host);
        if (found != until_.end()) {
            into.emplace_back(store::PutKept{{kKind, host, "", found->second}});
        } else {
            into.emplace_back(store::RemoveKept{kKind, host});
        }
    }
}

}  // namespace posthaste::delivery
