#include "net/detail/name_counter.h"

#include "base/ascii.h"

#include <algorithm>

namespace posthaste::net::detail {

namespace {

bool is_host_name(const std::string& name) {
    return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_';
    });
}

}  // namespace

void NameCounter::add(const std::string& name) const {
    if (!is_host_name(name)) return;
    MutexLock lock(mutex_);
    if (!entries_.contains(name) && entries_.size() >= at_most_) {
        // The one asked for least and longest ago.
        auto rarest = std::ranges::min_element(entries_, {}, [](const auto& entry) {
            return std::pair(entry.second.count, entry.second.last);
        });
        entries_.erase(rarest);
    }
    auto& entry = entries_[name];
    ++entry.count;
    entry.last = now();
}

std::vector<TlsServerContext::Uncovered> NameCounter::list() const {
    std::vector<TlsServerContext::Uncovered> names;
    {
        MutexLock lock(mutex_);
        for (const auto& [name, entry] : entries_) names.push_back({name, entry.count, entry.last});
    }
    std::ranges::sort(names, [](const auto& a, const auto& b) {
        return a.count != b.count ? a.count > b.count : a.name < b.name;
    });
    return names;
}

}  // namespace posthaste::net::detail
