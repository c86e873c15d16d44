#include "web/setup/served_domains.h"

#include "discovery/host.h"

namespace posthaste::web {

namespace {

constexpr Seconds kLookUp{10};

Result<std::shared_ptr<const ServedDomains::Names>> load(store::Store& store) {
    PH_TRY(auto rows, store.engine().domains());
    auto names = std::make_shared<ServedDomains::Names>();
    for (auto& row : rows) names->insert(std::move(row.name));
    return names;
}

}  // namespace

discovery::MailSettings settings_for(const discovery::MailSettings& base,
                                     const mail::Domain& domain) {
    auto settings = base;
    settings.domain = domain;
    settings.name = domain.unicode();
    settings.short_name = settings.name;
    return settings;
}

bool is_name_of(const std::unordered_set<std::string>& domains, std::string_view host) {
    const auto asked = discovery::read_host(host);
    return asked && domains.contains(asked->domain.ascii());
}

std::shared_ptr<const ServedDomains::Names> ServedDomains::cached(std::uint64_t generation) {
    MutexLock lock(mutex_);
    return generation_ == generation ? names_ : nullptr;
}

void ServedDomains::keep(std::shared_ptr<const Names> names, std::uint64_t generation) {
    MutexLock lock(mutex_);
    // Somebody who began later may have ended earlier.
    if (names_ != nullptr && generation < generation_) return;
    names_ = std::move(names);
    generation_ = generation;
}

runtime::Task<Result<std::shared_ptr<const ServedDomains::Names>>> ServedDomains::get() {
    // Before reading: what changes in between is then read at the next request.
    const auto generation = store_.directory_generation();
    if (auto names = cached(generation)) co_return names;
    auto job = [&store = store_] { return load(store); };
    auto names = co_await runtime::offload(blocking_, job, Deadline::after(kLookUp));
    if (names) keep(*names, generation);
    co_return names;
}

}  // namespace posthaste::web
