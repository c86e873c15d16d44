// A login goes: syntax of the name; the cache of recent successes; then, on the pool, one check
// that all who wait with the same login and password share. A check looks up the account, tries an
// app password by its digest, and else hashes. Every check that fails has made twice as many hashes
// as the password has readings, whoever the user is: against the present password and the former
// one, or stand-ins for them.
#include "accounts/authenticator.h"

#include "accounts/account_index.h"
#include "accounts/app_password.h"
#include "accounts/login_name.h"
#include "accounts/password_cache.h"
#include "accounts/password_hash.h"
#include "accounts/profile.h"
#include "base/mutex.h"
#include "runtime/callback.h"

#include <cstring>
#include <exception>
#include <unordered_map>
#include <utility>
#include <vector>

namespace posthaste::accounts {

using Answer = std::expected<Identity, Rejection>;

namespace {

std::unexpected<Rejection> rejected(Refusal why) {
    return std::unexpected(Rejection{.why = why});
}

}  // namespace

struct Authenticator::Impl {
    Impl(Options o, store::Store& s, LoginGuard* g)
        : options(o),
          store(s),
          guard(g),
          server_secret(s.engine().server_secret()),
          index(s),
          cache(o.cache_entries, o.cache_lifetime),
          pool("hash", o.hash_threads, o.hash_queue) {}

    // A name without a domain may mean somebody else under another name of the server.
    Digest key(const LoginAttempt& attempt, const LoginName& name) const {
        const bool whole = name.form != LoginName::Form::local_part;
        return keyed_digest(server_secret, {"login", attempt.login, attempt.password.reveal(),
                                            whole ? std::string_view() : attempt.server_name});
    }

    struct Keys {
        Digest login;  // of the cache
        Digest check;  // of those who wait for the same: also the same network
    };

    void check_later(const Keys& keys, LoginName name, LoginAttempt attempt,
                     runtime::Callback<Answer> done);
    void check_now(const Keys& keys, const LoginName& name, const LoginAttempt& attempt);
    Result<Answer> check(const LoginName& name, const LoginAttempt& attempt,
                         std::uint64_t& generation);
    Result<Answer> check_again(const Identity& identity);

    struct Tried {
        bool now = false;     // it is the password
        bool former = false;  // it is the one before
    };

    Result<Tried> try_password(const AccountIndex::Entry* entry, const Secret& password);
    bool locked(const std::string& user, const IpAddress& client) const;
    void account_for(Answer& answer, const LoginName& name, const Secret& password,
                     const IpAddress& client);

    struct AppPassword {
        std::string name;  // empty: it is none of that account
        std::string digest;
        bool device = false;
    };

    Result<AppPassword> find_app_password(const AccountIndex::Entry* entry, const Secret& password);
    Result<bool> hash_matches(const std::string& encoded, const Secret& password,
                              bool stop_at_match);
    void finish(const Digest& key, const Answer& answer);
    void count(const Answer& answer);

    const Options options;
    store::Store& store;
    LoginGuard* const guard;
    const std::string server_secret;
    AccountIndexHolder index;
    PasswordCache cache;

    Mutex mutex;
    std::unordered_map<Digest, std::vector<runtime::Callback<Answer>>, DigestHash> checks
        PH_GUARDED_BY(mutex);

    Counter succeeded, refused, busy, cache_hits, hashes;
    runtime::BlockingPool pool;  // last: its jobs use all of the above
};

// Joins a check that runs already for the same login and password: fifty connections of one program
// after a restart are one hash.
void Authenticator::Impl::check_later(const Keys& keys, LoginName name, LoginAttempt attempt,
                                      runtime::Callback<Answer> done) {
    {
        MutexLock lock(mutex);
        auto& waiting = checks[keys.check];
        waiting.push_back(std::move(done));
        if (waiting.size() > 1) return;
    }
    const bool posted =
        pool.try_post([this, keys, name = std::move(name), attempt = std::move(attempt)] {
            check_now(keys, name, attempt);
        });
    if (!posted) finish(keys.check, rejected(Refusal::busy));
}

void Authenticator::Impl::check_now(const Keys& keys, const LoginName& name,
                                    const LoginAttempt& attempt) {
    Answer answer = rejected(Refusal::unavailable);
    std::uint64_t generation = 0;
    try {
        auto checked = check(name, attempt, generation);
        if (checked) {
            answer = std::move(*checked);
        } else if (checked.error().kind == ErrorKind::busy) {
            answer = rejected(Refusal::busy);
        }
    } catch (const std::exception&) {
        answer = rejected(Refusal::busy);  // no memory: not the user's fault
    }
    if (answer) cache.put(keys.login, *answer, generation, std::chrono::steady_clock::now());
    finish(keys.check, answer);
}

// Errors: busy (no memory for a hash), and those of the store.
Result<Answer> Authenticator::Impl::check(const LoginName& name, const LoginAttempt& attempt,
                                          std::uint64_t& generation) {
    const Secret& password = attempt.password;
    PH_TRY(const auto current, index.get());
    generation = current.generation;
    const auto match = current.index->find(name, attempt.server_name);
    const auto* entry = match.entry;

    PH_TRY(auto app_password, find_app_password(entry, password));
    std::string credential = std::move(app_password.name);
    std::string proof = std::move(app_password.digest);
    const bool enabled = entry != nullptr && !entry->row.disabled;
    const auto refuse = [&](Refusal why) {
        return Answer(std::unexpected(
            Rejection{.why = why, .account = match.address, .known = entry != nullptr}));
    };
    Tried tried;
    if (credential.empty() || !enabled) {
        const std::string& user = match.address.empty() ? name.text : match.address;
        if (credential.empty() && locked(user, attempt.client)) return refuse(Refusal::locked);
        PH_TRY(tried, try_password(entry, password));
        if (tried.now && credential.empty()) {
            credential = "password";
            proof = entry->row.password_hash;
        }
    }
    if (credential.empty() && tried.former) {
        Rejection rejection{Refusal::former_password, match.address, true, entry->former.replaced};
        return Answer(std::unexpected(std::move(rejection)));
    }
    if (credential.empty()) {
        return refuse(match.guessed ? Refusal::name_needs_domain : Refusal::wrong_password);
    }
    if (!enabled) return refuse(Refusal::disabled);
    return Answer(Identity{entry->row.address, std::move(credential), entry->addresses, generation,
                           entry->row.profile, std::move(proof), app_password.device,
                           effective_verp(entry->row), entry->row.priority});
}

// Hashes against the present password and the former one, or stand-ins: every refusal costs the
// same.
Result<Authenticator::Impl::Tried> Authenticator::Impl::try_password(
    const AccountIndex::Entry* entry, const Secret& password) {
    const bool enabled = entry != nullptr && !entry->row.disabled;
    const bool has_hash = entry != nullptr && !entry->row.password_hash.empty();
    const bool has_former = entry != nullptr && !entry->former.hash.empty();
    PH_TRY(const bool is_present,
           hash_matches(has_hash ? entry->row.password_hash : kNobodysHash, password, enabled));
    if (is_present && has_hash && enabled) return Tried{.now = true};
    PH_TRY(const bool is_former,
           hash_matches(has_former ? entry->former.hash : kNobodysHash, password, false));
    return Tried{.now = is_present && has_hash, .former = is_former && has_former};
}

bool Authenticator::Impl::locked(const std::string& user, const IpAddress& client) const {
    return guard != nullptr && guard->locked(user, client, LoginGuard::present());
}

// Tells the guard, and the answer what came of it.
void Authenticator::Impl::account_for(Answer& answer, const LoginName& name, const Secret& password,
                                      const IpAddress& client) {
    if (guard == nullptr) return;
    if (answer) return guard->succeeded(answer->account, client, LoginGuard::present());
    Rejection& rejection = answer.error();
    switch (rejection.why) {
        case Refusal::wrong_password:
        case Refusal::former_password:
        case Refusal::name_needs_domain:
        case Refusal::locked:
            break;
        case Refusal::name_is_no_address:
        case Refusal::disabled:
        case Refusal::busy:
        case Refusal::unavailable:
            return;  // no guess at a password
    }
    const std::string& user = rejection.account.empty() ? name.text : rejection.account;
    const Digest digest = keyed_digest(server_secret, {"guess", user, password.reveal()});
    std::uint64_t secret = 0;
    std::memcpy(&secret, digest.data(), sizeof secret);
    rejection.counted = guard->failed({.user = user,
                                       .known = rejection.known,
                                       .secret = secret,
                                       .client = client,
                                       .free_of_charge = rejection.why == Refusal::former_password},
                                      LoginGuard::present());
}

// The account as it is now, with the same password: the one hash, or the one app password.
Result<Answer> Authenticator::Impl::check_again(const Identity& identity) {
    PH_TRY(const auto current, index.get());
    const auto* entry = current.index->find(parse_login_name(identity.account)).entry;
    if (entry == nullptr || entry->row.address != identity.account || entry->row.disabled) {
        return Answer(rejected(Refusal::disabled));
    }
    bool same = entry->row.password_hash == identity.proof && !identity.proof.empty();
    bool device = false;
    if (!same) {
        PH_TRY(const auto row, store.engine().app_password_by_digest(identity.proof));
        same = row && row->account == identity.account;
        device = row && row->device;
    }
    if (!same) return Answer(rejected(Refusal::wrong_password));
    return Answer(Identity{identity.account, identity.credential, entry->addresses,
                           current.generation, entry->row.profile, identity.proof, device,
                           effective_verp(entry->row), entry->row.priority});
}

// The name of the app password that this is, if it is one of that account; else empty. The look-up
// is made for unknown users too.
Result<Authenticator::Impl::AppPassword> Authenticator::Impl::find_app_password(
    const AccountIndex::Entry* entry, const Secret& password) {
    const auto canonical = canonical_app_password(password.reveal());
    if (!canonical) return AppPassword();
    std::string digest = to_octets(app_password_digest(server_secret, *canonical));
    PH_TRY(const auto row, store.engine().app_password_by_digest(digest));
    if (!row || entry == nullptr || row->account != entry->row.address) return AppPassword();
    return AppPassword{row->name, std::move(digest), row->device};
}

Result<bool> Authenticator::Impl::hash_matches(const std::string& encoded, const Secret& password,
                                               bool stop_at_match) {
    bool matches = false;
    for (const Secret& reading : password_readings(password)) {
        hashes.add();
        PH_TRY(const bool same, verify_password(encoded, reading));
        matches = matches || same;
        if (matches && stop_at_match) break;
    }
    return matches;
}

void Authenticator::Impl::finish(const Digest& digest, const Answer& answer) {
    std::vector<runtime::Callback<Answer>> waiting;
    {
        MutexLock lock(mutex);
        if (auto node = checks.extract(digest)) waiting = std::move(node.mapped());
    }
    for (const auto& done : waiting) done(answer);
}

void Authenticator::Impl::count(const Answer& answer) {
    if (answer) {
        succeeded.add();
    } else if (answer.error() == Refusal::busy || answer.error() == Refusal::unavailable) {
        busy.add();
    } else {
        refused.add();
    }
}

Authenticator::Authenticator(Options options, store::Store& store, LoginGuard* guard)
    : impl_(std::make_shared<Impl>(options, store, guard)) {}

// Tasks that still wait keep the Impl; nothing runs on the pool any more, so they end by their
// deadline or cancelled.
Authenticator::~Authenticator() {
    impl_->pool.stop();
}

runtime::Task<std::expected<Identity, Rejection>> Authenticator::authenticate(
    LoginAttempt attempt) {
    const auto impl = impl_;
    const LoginName name = parse_login_name(attempt.login);
    if (name.form == LoginName::Form::person) co_return rejected(Refusal::name_is_no_address);
    if (name.form == LoginName::Form::empty) co_return rejected(Refusal::name_needs_domain);

    const Secret password = attempt.password;
    const IpAddress client = attempt.client;
    const Digest key = impl->key(attempt, name);
    const auto generation = impl->store.directory_generation();
    auto known = impl->cache.find(key, generation, std::chrono::steady_clock::now());
    if (known) {
        impl->cache_hits.add();
        Answer answer = std::move(*known);
        if (answer->credential == "password" && impl->locked(answer->account, client)) {
            answer = std::unexpected(Rejection{Refusal::locked, answer->account, true});
        }
        impl->account_for(answer, name, password, client);
        impl->count(answer);
        co_return answer;
    }
    const std::string network = client.network_key().to_string();
    const Digest joined = keyed_digest(impl->server_secret, {"check", to_octets(key), network});
    const Impl::Keys keys{key, joined};
    runtime::Callback<Answer> done;
    impl->check_later(keys, name, std::move(attempt), done);
    const Deadline deadline = Deadline::after(impl->options.hash_deadline);
    auto checked = co_await done.wait(deadline);
    // Too late is the pool's fault, never the password's.
    Answer answer = checked ? std::move(*checked) : Answer(rejected(Refusal::busy));
    impl->account_for(answer, name, password, client);
    impl->count(answer);
    co_return answer;
}

runtime::Task<std::expected<Identity, Refusal>> Authenticator::renew(Identity identity) {
    const auto impl = impl_;
    if (identity.generation == impl->store.directory_generation()) co_return identity;
    auto look = [impl, identity] { return impl->check_again(identity); };
    const Deadline deadline = Deadline::after(impl->options.hash_deadline);
    auto renewed = co_await runtime::offload(impl->pool, std::move(look), deadline);
    if (!renewed) co_return std::unexpected(Refusal::busy);
    if (!*renewed) co_return std::unexpected(renewed->error().why);
    co_return std::move(**renewed);
}

std::uint64_t Authenticator::directory_generation() const {
    return impl_->store.directory_generation();
}

void Authenticator::register_metrics(MetricsRegistry& registry) {
    registry.add("posthaste_logins_total", "Logins that succeeded", impl_->succeeded);
    registry.add("posthaste_logins_refused_total", "Logins refused for name or password",
                 impl_->refused);
    registry.add("posthaste_logins_busy_total", "Logins put off because hashing was busy",
                 impl_->busy);
    registry.add("posthaste_login_cache_hits_total", "Logins answered from the cache",
                 impl_->cache_hits);
    registry.add("posthaste_password_hashes_total", "Argon2 hashes computed", impl_->hashes);
}

}  // namespace posthaste::accounts
