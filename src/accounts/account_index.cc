#include "accounts/account_index.h"

#include "base/ascii.h"

#include <algorithm>
#include <utility>

namespace posthaste::accounts {
namespace {

template <class Map>
void add_unique(Map& map, const std::string& key, const AccountIndex::Entry* entry) {
    const auto [it, fresh] = map.try_emplace(key, entry);
    if (!fresh && it->second != entry) it->second = nullptr;
}

template <class Map>
const AccountIndex::Entry* look_up(const Map& map, const std::string& key) {
    const auto it = map.find(key);
    return it == map.end() ? nullptr : it->second;
}

}  // namespace

Result<std::shared_ptr<const AccountIndex>> AccountIndex::load(store::Engine& engine) {
    PH_TRY(auto domains, engine.domains());
    PH_TRY(auto accounts, engine.accounts());
    PH_TRY(auto former_passwords, engine.former_passwords());
    std::unordered_map<std::string, store::FormerPasswordRow> former;
    for (auto& row : former_passwords) former[row.account] = std::move(row);
    auto index = std::make_shared<AccountIndex>();
    for (auto& domain : domains) index->domains_.push_back(std::move(domain.name));
    index->entries_.reserve(accounts.size());  // entries are pointed to
    for (auto& row : accounts) {
        auto addresses = std::make_shared<std::set<std::string>>(row.also.begin(), row.also.end());
        addresses->insert(row.address);
        auto before = std::move(former[row.address]);
        const Entry& entry =
            index->entries_.emplace_back(std::move(row), std::move(before), std::move(addresses));
        index->by_address_.emplace(entry.row.address, &entry);
        for (const auto& alias : entry.row.also) add_unique(index->by_alias_, alias, &entry);
        const std::string local = entry.row.address.substr(0, entry.row.address.rfind('@'));
        add_unique(index->by_local_, local, &entry);
    }
    std::ranges::sort(index->domains_);
    return index;
}

const AccountIndex::Entry* AccountIndex::by_address(const std::string& key) const {
    const Entry* exact = look_up(by_address_, key);
    return exact != nullptr ? exact : look_up(by_alias_, key);
}

// smtp.example.com belongs to example.com, and so does example.com itself.
std::string AccountIndex::domain_of_server(std::string_view server_name) const {
    if (server_name.ends_with('.')) server_name.remove_suffix(1);
    std::string name = ascii::to_lower(server_name);
    for (;;) {
        if (std::ranges::binary_search(domains_, name)) return name;
        const std::size_t dot = name.find('.');
        if (dot == std::string::npos) return {};
        name.erase(0, dot + 1);
    }
}

AccountIndex::Match AccountIndex::find(const LoginName& name, std::string_view server_name) const {
    const auto match = [](const Entry* entry, std::string address, bool guessed) {
        if (entry != nullptr) address = entry->row.address;
        return Match{entry, std::move(address), guessed};
    };
    switch (name.form) {
        case LoginName::Form::address:
            return match(by_address(name.text), name.text, false);
        case LoginName::Form::local_part: {
            if (domains_.size() == 1) {
                std::string address = name.text + '@' + domains_.front();
                const Entry* entry = by_address(address);
                return match(entry, std::move(address), false);
            }
            const std::string domain = domain_of_server(server_name);
            if (domain.empty()) return match(look_up(by_local_, name.text), {}, true);
            std::string address = name.text + '@' + domain;
            const Entry* entry = by_address(address);
            if (entry == nullptr) entry = look_up(by_local_, name.text);
            return match(entry, std::move(address), true);
        }
        case LoginName::Form::unknown:
        case LoginName::Form::person:
        case LoginName::Form::empty:
            break;
    }
    return {};
}

Result<AccountIndexHolder::Current> AccountIndexHolder::get() {
    // Asked before the rows are read: a change meanwhile makes the index old at the next call,
    // never stale for good.
    const std::uint64_t generation = store_.directory_generation();
    {
        MutexLock lock(mutex_);
        if (current_.index != nullptr && current_.generation == generation) return current_;
    }
    // Several threads may load at once after a change; that costs less than all of them waiting for
    // one.
    PH_TRY(auto index, AccountIndex::load(store_.engine()));
    MutexLock lock(mutex_);
    if (current_.index == nullptr || current_.generation < generation)
        current_ = {index, generation};
    return Current{std::move(index), generation};
}

}  // namespace posthaste::accounts
