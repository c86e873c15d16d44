#include "delivery/route/delivered_domains.h"

#include <charconv>

namespace posthaste::delivery {

namespace {

constexpr Seconds kWriteAgain = std::chrono::days(1);
constexpr Seconds kReadDeadline{30};
constexpr std::size_t kMostUnwritten = 20'000;

// The value of a row: empty, or since when the domain has been missing, in seconds.
std::string to_text(Timestamp gone) {
    return std::to_string(std::chrono::duration_cast<Seconds>(gone.time_since_epoch()).count());
}

std::optional<Timestamp> to_time(const std::string& text) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return Timestamp(Seconds(seconds));
}

}  // namespace

void DeliveredDomains::write(std::string domain, std::string value, Timestamp expires) {
    if (unwritten_.size() >= kMostUnwritten) return;  // the disk is far behind
    unwritten_.push_back({std::string(kKind), std::move(domain), std::move(value), expires});
}

void DeliveredDomains::note(const std::string& domain, Timestamp now) {
    MutexLock lock(mutex_);
    const bool was_gone = !gone_.empty() && gone_.erase(domain) > 0;
    if (noted_.size() >= kMost) noted_.clear();  // written once more, that is all
    Timestamp& last = noted_[domain];
    if (!was_gone && now - last < kWriteAgain && now >= last) return;
    last = now;
    write(domain, "", now + kKept);
}

runtime::Task<bool> DeliveredDomains::has_grace(std::string domain, runtime::BlockingPool& blocking,
                                                Timestamp now) {
    {
        MutexLock lock(mutex_);
        const auto found = gone_.find(domain);
        if (found != gone_.end()) co_return now - found->second < kGrace;
    }
    auto read = [&store = store_, domain] { return store.engine().kept(kKind, domain); };
    auto reading = runtime::offload(blocking, std::move(read), Deadline::after(kReadDeadline));
    auto row = co_await std::move(reading);
    if (!row) co_return true;  // doubt is temporary
    MutexLock lock(mutex_);
    const bool noted = noted_.contains(domain);  // perhaps not written yet
    if (!noted && (!*row || (*row)->expires <= now)) co_return false;
    Timestamp since = now;
    const auto before = *row ? to_time((*row)->value) : std::nullopt;
    if (before && *before <= now) since = *before;
    if (gone_.size() >= kMost) gone_.clear();
    gone_[domain] = since;
    noted_.erase(domain);
    if (!before) write(domain, to_text(since), *row ? (*row)->expires : now + kKept);
    co_return now - since < kGrace;
}

void DeliveredDomains::take_changes(store::Changes& into, std::size_t most) {
    MutexLock lock(mutex_);
    const Timestamp now = posthaste::now();
    if (now - swept_ > kWriteAgain && most > 0) {
        swept_ = now;
        into.push_back(store::RemoveExpiredKept{std::string(kKind), now});
        --most;
    }
    while (most-- > 0 && !unwritten_.empty()) {
        into.push_back(store::PutKept{std::move(unwritten_.front())});
        unwritten_.pop_front();
    }
}

}  // namespace posthaste::delivery
