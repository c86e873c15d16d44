#include "accounts/login_guard.h"

#include "accounts/cloud_networks.h"

#include <algorithm>
#include <set>

namespace posthaste::accounts {
namespace {

constexpr std::string_view kNetworkFact = "network/";
constexpr std::string_view kNoticeFact = "notice/guessing";
constexpr std::size_t kGuesses = 32;  // remembered of a user
constexpr std::size_t kUnwritten = 10'000;
constexpr Seconds kWriteAgain{3600};  // a success is stored when the stored one is that old
constexpr Seconds kPruneEvery{86'400};
constexpr std::size_t kLastUserShown = 254;

}  // namespace

LoginGuard::LoginGuard(Options options)
    : options_(std::move(options)),
      trusted_(cloud_networks()),
      accounts_(options_.users),
      strangers_(options_.users),
      networks_(options_.networks),
      successes_(options_.networks) {
    trusted_.insert(trusted_.end(), options_.trusted.begin(), options_.trusted.end());
}

Result<void> LoginGuard::load(store::Engine& engine) {
    PH_TRY(const auto facts, engine.facts());
    const MutexLock lock(mutex_);
    for (const auto& fact : facts) {
        if (fact.fact == kNoticeFact) {
            accounts_.touch(fact.account).notified = fact.when;
            continue;
        }
        if (!fact.fact.starts_with(kNetworkFact)) continue;
        const auto network = IpAddress::parse(fact.fact.substr(kNetworkFact.size()));
        if (!network) continue;
        auto& known = accounts_.touch(fact.account).known;
        if (known.size() < options_.networks_of_user) known[*network] = fact.when;
        auto& last = successes_.touch(*network);
        last = std::max(last, fact.when);
    }
    return {};
}

bool LoginGuard::is_trusted(const IpAddress& client) const {
    return std::ranges::any_of(trusted_, [&](const auto& n) { return n.contains(client); });
}

// A wall clock that was set back makes nobody unknown.
bool LoginGuard::is_recent(Timestamp when, Moment at) const {
    return when != Timestamp{} && at.wall - when < options_.known_for;
}

std::optional<LoginGuard::Ban> LoginGuard::banned(const IpAddress& client, Moment at) const {
    const MutexLock lock(mutex_);
    const Network* network = networks_.find(client.network_key());
    if (network == nullptr || network->banned_until <= at.steady) return std::nullopt;
    return Ban{std::chrono::ceil<Seconds>(network->banned_until - at.steady), network->last_user};
}

bool LoginGuard::locked(std::string_view user, const IpAddress& client, Moment at) const {
    const MutexLock lock(mutex_);
    const std::string key(user);
    const User* found = accounts_.find(key);
    if (found == nullptr) found = strangers_.find(key);
    if (found == nullptr || found->locked_until <= at.steady) return false;
    const auto known = found->known.find(client.network_key());
    return known == found->known.end() || !is_recent(known->second, at);
}

// Whether this wrong password is one that was not tried before; remembers it.
bool LoginGuard::counts_guess(User& user, const Failure& failure, const IpAddress& network,
                              Moment at) {
    auto& guesses = user.guesses;
    const auto seen = std::ranges::find(guesses, failure.secret, &Guess::secret);
    if (seen != guesses.end()) {
        // Keeps its time: it counted once, and is known for as long as it comes.
        const Guess again = *seen;
        guesses.erase(seen);
        guesses.push_back(again);
        return false;
    }
    guesses.push_back({failure.secret, at.steady, network});
    if (guesses.size() > kGuesses) guesses.pop_front();
    return true;
}

bool LoginGuard::locks(const User& user, Moment at) const {
    std::set<IpAddress> networks;
    std::size_t points = 0;
    for (const Guess& guess : user.guesses) {
        if (at.steady - guess.first > options_.window) continue;
        ++points;
        networks.insert(guess.network);
    }
    return points >= options_.user_points && networks.size() >= options_.user_networks;
}

LoginGuard::Counted LoginGuard::failed(const Failure& failure, Moment at) {
    Counted counted;
    if (failure.free_of_charge) return counted;
    const IpAddress key = failure.client.network_key();
    const MutexLock lock(mutex_);
    User& user = (failure.known ? accounts_ : strangers_).touch(failure.user);
    counted.fresh = counts_guess(user, failure, key, at);
    if (!counted.fresh) return counted;
    if (user.locked_until <= at.steady && locks(user, at)) {
        user.locked_until = at.steady + options_.user_lock;
        counted.lock_began = true;
        const bool told = user.notified && at.wall - *user.notified < options_.notice_every;
        if (failure.known && !told) {
            counted.notify = true;
            user.notified = at.wall;
            remember(failure.user, std::string(kNoticeFact), at.wall);
        }
    }
    Network& network = networks_.touch(key);
    network.last_user = failure.user.substr(0, kLastUserShown);
    network.points.push_back(at.steady);
    if (network.points.size() > options_.network_points) network.points.pop_front();
    const bool many = network.points.size() >= options_.network_points &&
                      at.steady - network.points.front() <= options_.window;
    const Timestamp* success = successes_.find(key);
    const bool known = success != nullptr && is_recent(*success, at);
    if (many && network.banned_until <= at.steady && !known && !is_trusted(failure.client)) {
        network.banned_until = at.steady + options_.network_ban;
        counted.ban_began = true;
    }
    return counted;
}

void LoginGuard::succeeded(const std::string& account, const IpAddress& client, Moment at) {
    const IpAddress key = client.network_key();
    const MutexLock lock(mutex_);
    successes_.touch(key) = at.wall;
    if (networks_.find(key) != nullptr) networks_.touch(key).banned_until = {};
    auto& known = accounts_.touch(account).known;
    const auto before = known.find(key);
    const bool stored = before != known.end() && at.wall - before->second < kWriteAgain &&
                        at.wall >= before->second;
    if (stored) return;
    if (before == known.end() && known.size() >= options_.networks_of_user) {
        known.erase(
            std::ranges::min_element(known, {}, [](const auto& entry) { return entry.second; }));
    }
    known[key] = at.wall;
    remember(account, std::string(kNetworkFact) + key.to_string(), at.wall);
}

void LoginGuard::remember(std::string account, std::string fact, Timestamp when) {
    if (unwritten_.size() >= kUnwritten) return;
    unwritten_[{std::move(account), std::move(fact)}] = when;
}

void LoginGuard::take_changes(store::Changes& into, std::size_t most) {
    const MutexLock lock(mutex_);
    while (most > 0 && !unwritten_.empty()) {
        auto fact = unwritten_.extract(unwritten_.begin());
        into.push_back(store::PutFact{
            {std::move(fact.key().first), std::move(fact.key().second), fact.mapped()}});
        --most;
    }
    const Timestamp at = now();
    if (most > 0 && at - pruned_ > kPruneEvery) {
        pruned_ = at;
        into.push_back(store::RemoveFacts{at - options_.known_for});
    }
}

std::size_t LoginGuard::users() const {
    const MutexLock lock(mutex_);
    return accounts_.size() + strangers_.size();
}

std::size_t LoginGuard::networks() const {
    const MutexLock lock(mutex_);
    return networks_.size();
}

}  // namespace posthaste::accounts
