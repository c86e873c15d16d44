#include "accounts/sign_in_log.h"

#include "accounts/sign_in_text.h"
#include "base/ascii.h"

#include <algorithm>
#include <map>
#include <ranges>
#include <utility>

namespace posthaste::accounts {
namespace {

constexpr std::size_t kMostOfLogin = 40;

struct Entry {
    SignIn sign_in;
    std::int64_t number = 0;  // in the store; 0 for what is not stored
    bool written = false;     // given to the store at least once
};

using EntryPtr = std::shared_ptr<Entry>;
using Ring = std::vector<EntryPtr>;  // newest last

// Rings by key, the least recently used goes first.
template <class Key>
class Rings {
  public:
    explicit Rings(std::size_t limit) : limit_(limit) {}

    Ring& at(const Key& key) {
        if (const auto found = by_key_.find(key); found != by_key_.end()) {
            recent_.splice(recent_.begin(), recent_, found->second);
            return found->second->second;
        }
        if (recent_.size() >= limit_) {
            dropped_.insert(dropped_.end(), recent_.back().second.begin(),
                            recent_.back().second.end());
            by_key_.erase(recent_.back().first);
            recent_.pop_back();
        }
        recent_.emplace_front(key, Ring());
        by_key_.emplace(key, recent_.begin());
        return recent_.front().second;
    }

    const Ring* find(const Key& key) const {
        const auto found = by_key_.find(key);
        return found == by_key_.end() ? nullptr : &found->second->second;
    }

    // Of every ring.
    template <class Visit>
    void each_entry(const Visit& visit) const {
        for (const auto& [key, ring] : recent_)
            for (const auto& entry : ring) visit(entry);
    }

    // Entries of a ring that went.
    Ring take_dropped() { return std::exchange(dropped_, {}); }

  private:
    using List = std::list<std::pair<Key, Ring>>;
    const std::size_t limit_;
    List recent_;
    std::unordered_map<Key, typename List::iterator> by_key_;
    Ring dropped_;
};

bool is_repeat(const SignIn& before, const SignIn& again, Seconds within) {
    const auto facts = [](const SignIn& s) {
        return std::tie(s.client, s.port, s.tls, s.account, s.login, s.mechanism, s.credential,
                        s.outcome, s.ehlo, s.server_name, s.tls_version);
    };
    // A refused sender is part of what happened; one that was accepted is learned later.
    const bool same_sender = before.outcome.empty() || before.from == again.from;
    return facts(before) == facts(again) && same_sender && again.when - before.when <= within;
}

// Half of the places are for what went well, so that a guesser hides nothing, and half for what did
// not, so that a busy program does not.
EntryPtr make_room(Ring& ring, std::size_t limit) {
    if (ring.size() <= limit) return nullptr;
    const auto went_well = [](const EntryPtr& e) { return e->sign_in.outcome.empty(); };
    const auto well = static_cast<std::size_t>(std::ranges::count_if(ring, went_well));
    const bool drop_well = well > (limit + 1) / 2;
    const auto oldest =
        std::ranges::find_if(ring, [&](const EntryPtr& e) { return went_well(e) == drop_well; });
    EntryPtr dropped = *oldest;
    ring.erase(oldest);
    return dropped;
}

// What had to go for it, if anything.
EntryPtr put(Ring& ring, const EntryPtr& entry, std::size_t limit) {
    std::erase(ring, entry);
    ring.push_back(entry);
    return make_room(ring, limit);
}

std::vector<SignIn> newest_first(const Ring* ring) {
    std::vector<SignIn> all;
    if (ring == nullptr) return all;
    all.reserve(ring->size());
    for (const auto& entry : *ring | std::views::reverse) all.push_back(entry->sign_in);
    return all;
}

// What somebody without an account is remembered by.
std::string key_of(const SignIn& sign_in) {
    return sign_in.account.empty() ? ascii::to_lower(sign_in.login) : sign_in.account;
}

struct Watching {
    Mutex mutex;
    SignInLog::Watcher watcher PH_GUARDED_BY(mutex);

    void tell(const SignIn& sign_in) {
        const MutexLock lock(mutex);
        if (watcher) watcher(sign_in);
    }

    void end() {
        const MutexLock lock(mutex);
        watcher = nullptr;
    }
};

using Watchings = std::vector<std::shared_ptr<Watching>>;

}  // namespace

struct SignInLog::Impl {
    explicit Impl(Options o)
        : options(o), accounts(o.accounts), strangers(o.strangers), networks(o.networks) {}

    Watchings watchers_of(const std::string& account) PH_REQUIRES(mutex) {
        Watchings found;
        const auto [begin, end] = watchings.equal_range(account);
        for (const auto& [key, watching] : std::ranges::subrange(begin, end))
            found.push_back(watching);
        return found;
    }

    void keep(Ring& ring, const EntryPtr& entry) PH_REQUIRES(mutex) {
        if (entry->number == 0) entry->number = ++last_number;
        changed[entry->number] = entry;
        forget(put(ring, entry, options.entries));
        for (const auto& dropped : accounts.take_dropped()) forget(dropped);
    }

    void forget(const EntryPtr& entry) PH_REQUIRES(mutex) {
        if (entry == nullptr || entry->number == 0) return;
        const auto number = std::exchange(entry->number, 0);
        if (entry->written) {
            changed[number] = nullptr;
        } else {
            changed.erase(number);  // so that a store that takes nothing makes nothing pile up
        }
    }

    const Options options;
    mutable Mutex mutex;
    std::int64_t last_number PH_GUARDED_BY(mutex) = 0;
    // Not written yet; null: to be removed. As many as there are places, and what left them.
    std::map<std::int64_t, EntryPtr> changed PH_GUARDED_BY(mutex);
    Rings<std::string> accounts PH_GUARDED_BY(mutex);
    Rings<std::string> strangers PH_GUARDED_BY(mutex);
    Rings<IpAddress> networks PH_GUARDED_BY(mutex);
    std::unordered_multimap<std::string, std::shared_ptr<Watching>> watchings PH_GUARDED_BY(mutex);
};

namespace {

template <class Impl>
class WatchingAccount final : public SignInLog::Subscription {
  public:
    WatchingAccount(std::shared_ptr<Impl> impl, std::string account,
                    std::shared_ptr<Watching> watching)
        : impl_(std::move(impl)), account_(std::move(account)), watching_(std::move(watching)) {}

    ~WatchingAccount() override {
        {
            const MutexLock lock(impl_->mutex);
            const auto [begin, end] = impl_->watchings.equal_range(account_);
            const auto mine = std::find_if(
                begin, end, [&](const auto& entry) { return entry.second == watching_; });
            if (mine != end) impl_->watchings.erase(mine);
        }
        watching_->end();
    }

  private:
    std::shared_ptr<Impl> impl_;
    std::string account_;
    std::shared_ptr<Watching> watching_;
};

}  // namespace

std::uint64_t SignIn::times_since(Timestamp then) const {
    if (when < then) return 0;
    const auto seen = std::ranges::count_if(recent, [then](Timestamp t) { return t >= then; });
    return std::max<std::uint64_t>(static_cast<std::uint64_t>(seen), 1);
}

SignInLog::SignInLog(Options options) : impl_(std::make_shared<Impl>(options)) {}

SignInLog::~SignInLog() = default;

void SignInLog::add(SignIn sign_in) {
    const std::string key = key_of(sign_in);
    Watchings watchers;
    {
        const MutexLock lock(impl_->mutex);
        const auto& options = impl_->options;
        Ring& network = impl_->networks.at(sign_in.client.network_key());
        Ring* own = nullptr;
        if (!key.empty()) own = &(sign_in.known ? impl_->accounts : impl_->strangers).at(key);
        const Ring& searched = own != nullptr ? *own : network;
        const auto same = std::ranges::find_if(searched, [&](const EntryPtr& entry) {
            return is_repeat(entry->sign_in, sign_in, options.repeat);
        });
        EntryPtr entry;
        if (same != searched.end()) {
            entry = *same;
            sign_in.times = entry->sign_in.times + 1;
            sign_in.recent = std::move(entry->sign_in.recent);
            if (sign_in.recent.size() >= options.recent)
                sign_in.recent.erase(sign_in.recent.begin());
            sign_in.recent.push_back(sign_in.when);
            if (sign_in.from.empty()) sign_in.from = entry->sign_in.from;
            entry->sign_in = sign_in;
        } else {
            sign_in.recent = {sign_in.when};
            entry = std::make_shared<Entry>(sign_in);
        }
        if (own != nullptr && sign_in.known) {
            impl_->keep(*own, entry);
        } else if (own != nullptr) {
            put(*own, entry, options.entries);
        }
        put(network, entry, options.entries);
        watchers = impl_->watchers_of(key);
    }
    for (const auto& watching : watchers) watching->tell(sign_in);
}

void SignInLog::add_sender(std::string_view account, const IpAddress& client,
                           std::string_view from) {
    Watchings watchers;
    SignIn completed;
    {
        const MutexLock lock(impl_->mutex);
        const std::string key(account);
        const Ring* ring = impl_->accounts.find(key);
        if (ring == nullptr) return;
        const auto newest = std::ranges::find_if(ring->rbegin(), ring->rend(), [&](const auto& e) {
            return e->sign_in.outcome.empty() && e->sign_in.client == client;
        });
        if (newest == ring->rend() || (*newest)->sign_in.from == from) return;
        (*newest)->sign_in.from = from;
        if ((*newest)->number != 0) impl_->changed[(*newest)->number] = *newest;
        completed = (*newest)->sign_in;
        watchers = impl_->watchers_of(key);
    }
    for (const auto& watching : watchers) watching->tell(completed);
}

Result<void> SignInLog::load(store::Engine& engine) {
    PH_TRY(const auto rows, engine.sign_ins());
    const MutexLock lock(impl_->mutex);
    for (const auto& row : rows) {
        impl_->last_number = std::max(impl_->last_number, row.number);
        auto sign_in = parse_sign_in(row.facts);
        if (!sign_in || row.account.empty()) continue;  // of a later version: not worth a refusal
        sign_in->account = row.account;
        sign_in->when = row.when;
        sign_in->known = true;
        auto entry = std::make_shared<Entry>(std::move(*sign_in), row.number, true);
        Ring& own = impl_->accounts.at(row.account);
        impl_->forget(put(own, entry, impl_->options.entries));
        for (const auto& dropped : impl_->accounts.take_dropped()) impl_->forget(dropped);
        put(impl_->networks.at(entry->sign_in.client.network_key()), entry, impl_->options.entries);
    }
    return {};
}

void SignInLog::take_changes(store::Changes& into, std::size_t most) {
    const MutexLock lock(impl_->mutex);
    for (; most > 0 && !impl_->changed.empty(); --most) {
        const auto change = impl_->changed.extract(impl_->changed.begin());
        if (const auto& entry = change.mapped()) {
            const SignIn& seen = entry->sign_in;
            entry->written = true;
            into.push_back(
                store::PutSignIn{{change.key(), seen.account, seen.when, write_sign_in(seen)}});
        } else {
            into.push_back(store::RemoveSignIn{change.key()});
        }
    }
}

std::vector<SignIn> SignInLog::of(std::string_view account) const {
    const MutexLock lock(impl_->mutex);
    const std::string key(account);
    const Ring* ring = impl_->accounts.find(key);
    if (ring == nullptr) ring = impl_->strangers.find(key);
    return newest_first(ring);
}

std::vector<SignIn> SignInLog::of_login(std::string_view login) const {
    Ring found;
    {
        const MutexLock lock(impl_->mutex);
        const auto look = [&](const EntryPtr& entry) {
            if (ascii::equals_ignore_case(entry->sign_in.login, login))
                found.push_back(std::make_shared<Entry>(*entry));
        };
        impl_->accounts.each_entry(look);
        impl_->strangers.each_entry(look);
    }
    std::ranges::sort(found, {},
                      [](const EntryPtr& e) { return std::pair(e->sign_in.when, e->number); });
    if (found.size() > kMostOfLogin)
        found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(kMostOfLogin));
    return newest_first(&found);
}

std::vector<SignIn> SignInLog::of_network(const IpAddress& address) const {
    const MutexLock lock(impl_->mutex);
    return newest_first(impl_->networks.find(address.network_key()));
}

std::unique_ptr<SignInLog::Subscription> SignInLog::watch(std::string_view account,
                                                          Watcher watcher) {
    auto watching = std::make_shared<Watching>();
    {
        const MutexLock lock(watching->mutex);
        watching->watcher = std::move(watcher);
    }
    const MutexLock lock(impl_->mutex);
    impl_->watchings.emplace(account, watching);
    return std::make_unique<WatchingAccount<Impl>>(impl_, std::string(account),
                                                   std::move(watching));
}

}  // namespace posthaste::accounts
