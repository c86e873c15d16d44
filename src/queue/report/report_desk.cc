#include "queue/report/report_desk.h"

#include <algorithm>

namespace posthaste::queue {

Result<void> ReportDesk::load(store::Engine& engine) {
    PH_TRY(const auto counts, engine.report_counts());
    PH_TRY(const auto digests, engine.digests());
    const MutexLock lock(mutex_);
    for (const store::ReportCountRow& row : counts) counts_[row.account] = {row.hour, row.made};
    for (const store::DigestRow& row : digests) set_due(row.account, row.due);
    return {};
}

std::optional<store::ReportCountRow> ReportDesk::take(const std::string& account,
                                                      store::QueueTime now) {
    const MutexLock lock(mutex_);
    if (counts_.size() >= forget_from_) forget_old(now);
    Count& count = counts_[account];
    if (count.made == 0 || now >= count.hour + kHour) count = {now, 0};
    if (count.made >= options_.per_hour) return std::nullopt;
    ++count.made;
    return store::ReportCountRow{account, count.hour, count.made};
}

// So that it holds those of an hour and not all there ever were.
void ReportDesk::forget_old(store::QueueTime now) {
    std::erase_if(counts_, [now](const auto& one) { return now >= one.second.hour + kHour; });
    forget_from_ = std::max<std::size_t>(1024, 2 * counts_.size());
}

store::QueueTime ReportDesk::wait(const std::string& account, store::QueueTime now) {
    const MutexLock lock(mutex_);
    const auto known = due_.find(account);
    if (known != due_.end()) return known->second;
    const store::QueueTime due = now + options_.digest_every;
    set_due(account, due);
    return due;
}

void ReportDesk::set_due(const std::string& account, store::QueueTime at) {
    const auto [place, is_new] = due_.try_emplace(account, at);
    if (!is_new) order_.erase({place->second, account});
    place->second = at;
    order_.emplace(at, account);
}

std::optional<store::QueueTime> ReportDesk::next_due() const {
    const MutexLock lock(mutex_);
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
}

std::optional<std::string> ReportDesk::take_due(store::QueueTime now) {
    const MutexLock lock(mutex_);
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    std::string account = order_.begin()->second;
    order_.erase(order_.begin());
    due_.erase(account);
    return account;
}

void ReportDesk::again_at(const std::string& account, store::QueueTime at) {
    const MutexLock lock(mutex_);
    set_due(account, at);
}

}  // namespace posthaste::queue
