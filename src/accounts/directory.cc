#include "accounts/directory.h"

#include "accounts/app_password.h"
#include "accounts/password_hash.h"
#include "accounts/unicode.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/utf8.h"
#include "mail/dsn/dsn_texts.h"
#include "mail/mailbox.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace posthaste::accounts {
namespace {

constexpr std::size_t kMinPassword = 8;
constexpr std::size_t kMaxPassword = 1024;  // octets; a client's AUTH line holds more
constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxAppPasswords = 100;
constexpr std::size_t kMaxAlso = 1000;

// Every change here reads a row and writes it back. There is one store in a process, and the
// process holds its lock.
Mutex change_mutex;

Result<std::string> parse_address(std::string_view text) {
    PH_TRY(const auto mailbox, mail::Mailbox::parse(text));
    if (mailbox.domain().is_literal()) {
        return fail(ErrorKind::syntax,
                    fmt::format("{} has no domain name", utf8::printable(text, 254)),
                    "Use an address such as anna@example.com");
    }
    return to_nfc(mailbox.key());  // as logins are read, or nobody could log in with it
}

std::string domain_of(std::string_view key) {
    return std::string(key.substr(key.rfind('@') + 1));
}

Result<void> check_name(std::string_view name, std::string_view what) {
    const bool control = std::ranges::any_of(
        name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (name.size() > kMaxName || control || !utf8::is_valid(name)) {
        return fail(ErrorKind::syntax,
                    fmt::format("The {} is not one line of at most 128 octets", what),
                    "Choose a shorter, plain name");
    }
    return {};
}

Result<std::string> hash_new_password(const Secret& password) {
    const std::string_view octets = password.reveal();
    if (octets.size() < kMinPassword) {
        return fail(ErrorKind::syntax, "The password is shorter than 8 characters",
                    "Choose a longer one, for example four random words");
    }
    const bool line_end = octets.find_first_of(std::string_view("\0\r\n", 3)) != std::string::npos;
    if (octets.size() > kMaxPassword || line_end) {
        return fail(ErrorKind::syntax, "The password is longer than 1024 octets or not one line",
                    "Choose one that can be typed into a mail program");
    }
    return hash_password(password_readings(password).front());
}

std::unexpected<Error> no_account(std::string_view address) {
    return fail(ErrorKind::not_found, fmt::format("There is no account {}", address),
                "See: posthaste account list");
}

Result<store::AccountRow> get_account(store::Store& store, std::string_view key) {
    PH_TRY(auto row, store.engine().account(key));
    if (!row) return no_account(key);
    return std::move(*row);
}

Result<void> check_domain(store::Store& store, std::string_view key) {
    const std::string domain = domain_of(key);
    PH_TRY(const auto row, store.engine().domain(domain));
    if (row) return {};
    return fail(ErrorKind::denied, fmt::format("{} is not a domain of this server", domain),
                fmt::format("Add it with: posthaste domain add {}", domain));
}

Result<void> commit(store::Store& store, store::Change change) {
    store::Changes changes;
    changes.push_back(std::move(change));
    return store.committer().submit_and_wait(std::move(changes));
}

}  // namespace

Result<void> Directory::add_domain(std::string_view name) {
    PH_TRY(const auto domain, mail::Domain::parse(name));
    if (domain.is_literal()) {
        return fail(ErrorKind::syntax, "An IP address is not a domain",
                    "Use a domain name such as example.com");
    }
    const MutexLock lock(change_mutex);
    PH_TRY(const auto row, store_.engine().domain(domain.ascii()));
    if (row) {
        return fail(
            ErrorKind::conflict, fmt::format("The domain {} exists already", domain.ascii()),
            fmt::format("Add accounts to it: posthaste account add anna@{}", domain.ascii()));
    }
    return commit(store_, store::PutDomain{{domain.ascii(), now()}});
}

Result<void> Directory::remove_domain(std::string_view name) {
    PH_TRY(const auto domain, mail::Domain::parse(name));
    const MutexLock lock(change_mutex);
    PH_TRY(const auto row, store_.engine().domain(domain.ascii()));
    if (!row) {
        return fail(ErrorKind::not_found, fmt::format("There is no domain {}", domain.ascii()),
                    "See: posthaste domain list");
    }
    PH_TRY(const auto accounts, store_.engine().accounts());
    const auto uses = [&](const std::string& key) { return domain_of(key) == domain.ascii(); };
    for (const auto& account : accounts) {
        if (uses(account.address)) {
            return fail(ErrorKind::denied,
                        fmt::format("{} has accounts, {} is one", domain.ascii(), account.address),
                        fmt::format("Remove them first: posthaste account rm {}", account.address));
        }
        const auto also = std::ranges::find_if(account.also, uses);
        if (also != account.also.end()) {
            return fail(ErrorKind::denied, fmt::format("{} may send as {}", account.address, *also),
                        fmt::format("Take that away first from the account {}", account.address));
        }
    }
    return commit(store_, store::RemoveDomain{domain.ascii()});
}

Result<std::vector<store::DomainRow>> Directory::domains() {
    return store_.engine().domains();
}

Result<void> Directory::add_account(std::string_view address, std::string_view name,
                                    const Secret& password) {
    PH_TRY(std::string key, parse_address(address));
    PH_CHECK(check_name(name, "name"));
    std::string hash;
    if (!password.empty()) {
        PH_TRY(hash, hash_new_password(password));  // before the lock: it takes its time
    }
    const MutexLock lock(change_mutex);
    PH_CHECK(check_domain(store_, key));
    PH_TRY(const auto row, store_.engine().account(key));
    if (row) {
        return fail(ErrorKind::conflict, fmt::format("The account {} exists already", key),
                    fmt::format("Change its password with: posthaste account passwd {}", key));
    }
    store::AccountRow account{.address = std::move(key),
                              .name = std::string(name),
                              .password_hash = std::move(hash),
                              .disabled = false,
                              .created = now(),
                              .also = {}};
    return commit(store_, store::PutAccount{std::move(account)});
}

Result<void> Directory::remove_account(std::string_view address) {
    PH_TRY(std::string key, parse_address(address));
    const MutexLock lock(change_mutex);
    PH_CHECK(get_account(store_, key));
    return commit(store_, store::RemoveAccount{std::move(key)});
}

Result<void> Directory::set_disabled(std::string_view address, bool disabled) {
    PH_TRY(const std::string key, parse_address(address));
    const MutexLock lock(change_mutex);
    PH_TRY(auto row, get_account(store_, key));
    row.disabled = disabled;
    return commit(store_, store::PutAccount{std::move(row)});
}

Result<void> Directory::set_profile(std::string_view address, store::Profile profile) {
    PH_TRY(const std::string key, parse_address(address));
    const MutexLock lock(change_mutex);
    PH_TRY(auto row, get_account(store_, key));
    row.profile = profile;
    return commit(store_, store::PutAccount{std::move(row)});
}

Result<void> Directory::set_reports(std::string_view address, store::ReportWish wish) {
    PH_TRY(const std::string key, parse_address(address));
    const MutexLock lock(change_mutex);
    PH_TRY(auto row, get_account(store_, key));
    row.reports = wish;
    return commit(store_, store::PutAccount{std::move(row)});
}

Result<void> Directory::set_verp(std::string_view address, store::Verp verp) {
    PH_TRY(const std::string key, parse_address(address));
    const MutexLock lock(change_mutex);
    PH_TRY(auto row, get_account(store_, key));
    row.verp = verp;
    return commit(store_, store::PutAccount{std::move(row)});
}

Result<void> Directory::set_priority(std::string_view address, std::int64_t priority) {
    if (priority < 0 || priority > 9) {
        return fail(ErrorKind::syntax, "a priority is a number from 0 to 9",
                    "0 takes the right away; 4 lets its mail go before others'");
    }
    PH_TRY(const std::string key, parse_address(address));
    const MutexLock lock(change_mutex);
    PH_TRY(auto row, get_account(store_, key));
    row.priority = static_cast<std::int8_t>(priority);
    return commit(store_, store::PutAccount{std::move(row)});
}

Result<void> Directory::set_password(std::string_view address, const Secret& password) {
    PH_TRY(const std::string key, parse_address(address));
    PH_TRY(std::string hash, hash_new_password(password));
    const MutexLock lock(change_mutex);
    PH_TRY(auto row, get_account(store_, key));
    store::Changes changes;
    // Setting the same password again makes no former one of it.
    if (!row.password_hash.empty()) {
        const auto same = verify_password(row.password_hash, password_readings(password).front());
        if (same && !*same) {
            changes.push_back(store::PutFormerPassword{{key, row.password_hash, now()}});
        }
    }
    row.password_hash = std::move(hash);
    changes.push_back(store::PutAccount{std::move(row)});
    return store_.committer().submit_and_wait(std::move(changes));
}

Result<void> Directory::set_language(std::string_view address, std::string_view code) {
    const auto language = mail::parse_language(code);
    if (!language) {
        return fail(ErrorKind::syntax,
                    fmt::format("There are no texts in the language {}", utf8::printable(code, 40)),
                    "Use en, de, fr or es");
    }
    PH_TRY(const std::string key, parse_address(address));
    const MutexLock lock(change_mutex);
    PH_TRY(auto row, get_account(store_, key));
    row.language = mail::language_code(*language);
    return commit(store_, store::PutAccount{std::move(row)});
}

Result<void> Directory::allow_address(std::string_view account, std::string_view address) {
    PH_TRY(const std::string key, parse_address(account));
    PH_TRY(std::string further, parse_address(address));
    const MutexLock lock(change_mutex);
    PH_TRY(auto row, get_account(store_, key));
    PH_CHECK(check_domain(store_, further));
    const bool has_it = further == key || std::ranges::find(row.also, further) != row.also.end();
    if (has_it) {
        return fail(ErrorKind::conflict, fmt::format("{} may send as {} already", key, further));
    }
    if (row.also.size() >= kMaxAlso) {
        return fail(ErrorKind::too_large, fmt::format("{} has 1000 further addresses already", key),
                    "Use several accounts");
    }
    row.also.push_back(std::move(further));
    return commit(store_, store::PutAccount{std::move(row)});
}

Result<void> Directory::disallow_address(std::string_view account, std::string_view address) {
    PH_TRY(const std::string key, parse_address(account));
    PH_TRY(const std::string further, parse_address(address));
    const MutexLock lock(change_mutex);
    PH_TRY(auto row, get_account(store_, key));
    if (std::erase(row.also, further) == 0) {
        return fail(ErrorKind::not_found, fmt::format("{} has no further address {}", key, further),
                    fmt::format("See: posthaste account show {}", key));
    }
    return commit(store_, store::PutAccount{std::move(row)});
}

Result<std::vector<store::AccountRow>> Directory::accounts() {
    return store_.engine().accounts();
}

Result<store::AccountRow> Directory::account(std::string_view address) {
    PH_TRY(const std::string key, parse_address(address));
    return get_account(store_, key);
}

Result<NewAppPassword> Directory::new_app_password(std::string_view account, std::string_view name,
                                                   bool device) {
    PH_TRY(const std::string key, parse_address(account));
    PH_CHECK(check_name(name, "name of the app password"));
    if (name.empty()) {
        return fail(ErrorKind::syntax, "The app password needs a name",
                    "Name the program or device that will use it: --name \"Scanner, 2nd floor\"");
    }
    const MutexLock lock(change_mutex);
    PH_CHECK(get_account(store_, key));
    PH_TRY(const auto present, store_.engine().app_passwords(key));
    if (present.size() >= kMaxAppPasswords) {
        return fail(ErrorKind::too_large, fmt::format("{} has 100 app passwords already", key),
                    fmt::format("Revoke old ones: posthaste app-password list {}", key));
    }
    if (std::ranges::find(present, name, &store::AppPasswordRow::name) != present.end()) {
        return fail(ErrorKind::conflict,
                    fmt::format("{} has an app password of the name {} already", key, name),
                    "Choose another name, or revoke the old one first");
    }
    NewAppPassword made{.id = random_token(4), .password = make_app_password()};
    const auto canonical = canonical_app_password(made.password.reveal());
    const auto digest = app_password_digest(store_.engine().server_secret(), *canonical);
    store::AppPasswordRow row{.id = made.id,
                              .account = key,
                              .name = std::string(name),
                              .digest = to_octets(digest),
                              .created = now(),
                              .device = device};
    PH_CHECK(commit(store_, store::PutAppPassword{std::move(row)}));
    return made;
}

Result<void> Directory::revoke_app_password(std::string_view account, std::string_view id_or_name) {
    PH_TRY(const std::string key, parse_address(account));
    const MutexLock lock(change_mutex);
    PH_CHECK(get_account(store_, key));
    PH_TRY(const auto present, store_.engine().app_passwords(key));
    auto found = std::ranges::find(present, id_or_name, &store::AppPasswordRow::id);
    if (found == present.end()) {
        found = std::ranges::find(present, id_or_name, &store::AppPasswordRow::name);
    }
    if (found == present.end()) {
        return fail(ErrorKind::not_found,
                    fmt::format("{} has no app password {}", key, utf8::printable(id_or_name, 128)),
                    fmt::format("See: posthaste app-password list {}", key));
    }
    return commit(store_, store::RemoveAppPassword{key, found->id});
}

Result<std::vector<store::AppPasswordRow>> Directory::app_passwords(std::string_view account) {
    PH_TRY(const std::string key, parse_address(account));
    PH_CHECK(get_account(store_, key));
    return store_.engine().app_passwords(key);
}

}  // namespace posthaste::accounts
