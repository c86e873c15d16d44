#include "accounts/dkim_keys.h"

#include "base/ascii.h"
#include "base/mutex.h"
#include "base/utf8.h"
#include "mail/dkim/dkim.h"
#include "mail/domain.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::accounts {
namespace {

using store::DkimKeyRow;
using store::DkimState;

constexpr std::size_t kMostKeys = 20;  // of a domain
constexpr std::size_t kMostName = 253;
// As long as mail may wait on its way, and two days for a receiver that verifies late.
constexpr auto kNeededInDns = std::chrono::days(7);

// Every change here reads rows and writes one back. There is one store in a process, and the
// process holds its lock.
Mutex change_mutex;

Result<std::string> domain_of_ours(store::Store& store, std::string_view name) {
    PH_TRY(const auto domain, mail::Domain::parse(name));
    PH_TRY(const auto row, store.engine().domain(domain.ascii()));
    if (row) return domain.ascii();
    return fail(ErrorKind::not_found, fmt::format("{} is no domain of ours", domain.ascii()),
                fmt::format("posthaste domain add {}", domain.ascii()));
}

Result<std::string> sound_selector(std::string_view selector, std::string_view domain) {
    if (!mail::is_dkim_selector(selector))
        return fail(ErrorKind::syntax,
                    fmt::format("\"{}\" cannot be a selector", utf8::printable(selector, 80)),
                    "letters, digits and hyphens, as in mail2026");
    if (selector.size() + domain.size() + std::string_view("._domainkey.").size() > kMostName)
        return fail(ErrorKind::syntax, "selector and domain together are too long a name for DNS",
                    "choose a shorter selector");
    return ascii::to_lower(selector);  // DNS makes no difference
}

Result<std::vector<DkimKeyRow>> keys_of(store::Store& store, std::string_view domain) {
    PH_TRY(auto rows, store.engine().dkim_keys());
    std::erase_if(rows, [&](const DkimKeyRow& row) { return row.domain != domain; });
    return rows;
}

Result<DkimKeyRow> key_of(const std::vector<DkimKeyRow>& rows, std::string_view domain,
                          std::string_view selector) {
    const auto wanted = ascii::to_lower(selector);
    const auto found = std::ranges::find(rows, wanted, &DkimKeyRow::selector);
    if (found != rows.end()) return *found;
    return fail(ErrorKind::not_found,
                fmt::format("{} has no DKIM key {}", domain, utf8::printable(selector, 80)),
                fmt::format("see: posthaste dkim list {}", domain));
}

DkimKeyInfo info_of(const DkimKeyRow& row) {
    DkimKeyInfo info{.domain = row.domain,
                     .selector = row.selector,
                     .state = row.state,
                     .record = {},
                     .broken = {},
                     .created = row.created,
                     .changed = row.changed,
                     .dns_until = {}};
    if (row.state == DkimState::retiring) info.dns_until = row.changed + kNeededInDns;
    const auto key = mail::DkimKey::from_pem(row.pem);
    if (!key) {
        info.broken = key.error().text;
        return info;
    }
    info.algorithm = key->algorithm();
    info.bits = key->bits();
    info.record = key->record();
    return info;
}

Result<void> room_for_one(const std::vector<DkimKeyRow>& rows, std::string_view domain) {
    if (rows.size() < kMostKeys) return {};
    return fail(ErrorKind::too_large, fmt::format("{} has {} DKIM keys already", domain, kMostKeys),
                fmt::format("remove retired ones: posthaste dkim list {}", domain));
}

Result<void> is_free(const std::vector<DkimKeyRow>& rows, std::string_view domain,
                     std::string_view selector) {
    if (std::ranges::find(rows, selector, &DkimKeyRow::selector) == rows.end()) return {};
    return fail(ErrorKind::conflict, fmt::format("{} has a DKIM key {} already", domain, selector),
                fmt::format("choose another --selector; receivers remember the key under a name, "
                            "so it cannot change (posthaste dkim list {})",
                            domain));
}

// By month, so that its age shows; another letter for the next one of that month.
Result<std::string> free_selector(const std::vector<DkimKeyRow>& rows, std::string_view domain,
                                  mail::DkimAlgorithm algorithm) {
    const auto today = format_iso8601(now());
    const auto month =
        fmt::format("{}{}{}", algorithm == mail::DkimAlgorithm::ed25519_sha256 ? "phe" : "ph",
                    today.substr(0, 4), today.substr(5, 2));
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        const auto selector = month + letter;
        if (!is_free(rows, domain, selector)) continue;
        return sound_selector(selector, domain);
    }
    return fail(ErrorKind::conflict, fmt::format("every selector {}a to z is taken", month),
                "name another: --selector mail2");
}

Result<DkimKeyInfo> put_new(store::Store& store, std::string domain, std::string selector,
                            const mail::DkimKey& key) {
    const auto moment = now();
    DkimKeyRow row{.domain = std::move(domain),
                   .selector = std::move(selector),
                   .state = DkimState::pending,
                   .pem = key.to_pem(),
                   .created = moment,
                   .changed = moment};
    auto info = info_of(row);
    store::Changes changes;
    changes.push_back(store::PutDkimKey{std::move(row)});
    PH_CHECK(store.committer().submit_and_wait(std::move(changes)));
    return info;
}

store::Change in_state(DkimKeyRow row, DkimState state) {
    row.state = state;
    row.changed = now();
    return store::PutDkimKey{std::move(row)};
}

std::optional<mail::DkimAlgorithm> algorithm_of(const DkimKeyRow& row) {
    const auto key = mail::DkimKey::from_pem(row.pem);
    if (!key) return std::nullopt;
    return key->algorithm();
}

}  // namespace

Result<std::vector<DkimKeyInfo>> DkimKeys::list(std::string_view domain) {
    PH_TRY(auto rows, store_.engine().dkim_keys());
    if (!domain.empty()) {
        PH_TRY(const auto name, domain_of_ours(store_, domain));
        std::erase_if(rows, [&](const DkimKeyRow& row) { return row.domain != name; });
    }
    std::vector<DkimKeyInfo> keys;
    keys.reserve(rows.size());
    for (const auto& row : rows) keys.push_back(info_of(row));
    return keys;
}

Result<DkimKeyInfo> DkimKeys::find(std::string_view domain, std::string_view selector) {
    PH_TRY(const auto name, domain_of_ours(store_, domain));
    PH_TRY(const auto rows, keys_of(store_, name));
    PH_TRY(const auto row, key_of(rows, name, selector));
    return info_of(row);
}

Result<DkimKeyInfo> DkimKeys::create(const NewDkimKey& wanted) {
    PH_TRY(auto domain, domain_of_ours(store_, wanted.domain));
    std::string selector;
    if (!wanted.selector.empty()) {
        PH_TRY(selector, sound_selector(wanted.selector, domain));
    }
    // Before the lock: it takes its time.
    PH_TRY(const auto key, mail::DkimKey::generate(wanted.algorithm, wanted.bits));
    const MutexLock lock(change_mutex);
    PH_TRY(const auto rows, keys_of(store_, domain));
    PH_CHECK(room_for_one(rows, domain));
    if (selector.empty()) {
        PH_TRY(selector, free_selector(rows, domain, wanted.algorithm));
    }
    PH_CHECK(is_free(rows, domain, selector));
    return put_new(store_, std::move(domain), std::move(selector), key);
}

Result<DkimKeyInfo> DkimKeys::import(std::string_view domain, std::string_view selector,
                                     const Secret& pem) {
    PH_TRY(auto name, domain_of_ours(store_, domain));
    PH_TRY(auto chosen, sound_selector(selector, name));
    PH_TRY(const auto key, mail::DkimKey::from_pem(pem));
    const MutexLock lock(change_mutex);
    PH_TRY(const auto rows, keys_of(store_, name));
    PH_CHECK(room_for_one(rows, name));
    PH_CHECK(is_free(rows, name, chosen));
    return put_new(store_, std::move(name), std::move(chosen), key);
}

Result<std::string> DkimKeys::activate(std::string_view domain, std::string_view selector,
                                       std::string_view record) {
    PH_TRY(const auto name, domain_of_ours(store_, domain));
    const MutexLock lock(change_mutex);
    PH_TRY(const auto rows, keys_of(store_, name));
    PH_TRY(auto row, key_of(rows, name, selector));
    if (row.state == DkimState::active)
        return fail(ErrorKind::conflict, fmt::format("{} is active already", row.selector),
                    fmt::format("see: posthaste dkim list {}", name));
    const auto info = info_of(row);
    if (!info.broken.empty())
        return fail(ErrorKind::denied,
                    fmt::format("the key {} cannot be used: {}", row.selector, info.broken),
                    fmt::format("make a new one: posthaste dkim new {}", name));
    if (info.record != record)
        return fail(ErrorKind::conflict,
                    fmt::format("the key {} has been replaced meanwhile", row.selector),
                    fmt::format("see: posthaste dkim publish {}", name));
    store::Changes changes;
    std::string retired;
    for (const auto& other : rows) {
        if (other.state != DkimState::active || algorithm_of(other) != info.algorithm) continue;
        retired = other.selector;
        changes.push_back(in_state(other, DkimState::retiring));
    }
    changes.push_back(in_state(std::move(row), DkimState::active));
    PH_CHECK(store_.committer().submit_and_wait(std::move(changes)));
    return retired;
}

Result<bool> DkimKeys::retire(std::string_view domain, std::string_view selector) {
    PH_TRY(const auto name, domain_of_ours(store_, domain));
    const MutexLock lock(change_mutex);
    PH_TRY(const auto rows, keys_of(store_, name));
    PH_TRY(auto row, key_of(rows, name, selector));
    if (row.state == DkimState::retiring)
        return fail(ErrorKind::conflict, fmt::format("{} is retiring already", row.selector),
                    fmt::format("see: posthaste dkim list {}", name));
    if (row.state == DkimState::pending)
        return fail(ErrorKind::denied, fmt::format("{} has signed nothing yet", row.selector),
                    fmt::format("remove it: posthaste dkim rm {} {}", name, row.selector));
    const auto active = std::ranges::count(rows, DkimState::active, &DkimKeyRow::state);
    store::Changes changes;
    changes.push_back(in_state(std::move(row), DkimState::retiring));
    PH_CHECK(store_.committer().submit_and_wait(std::move(changes)));
    return active > 1;
}

Result<void> DkimKeys::remove(std::string_view domain, std::string_view selector) {
    PH_TRY(const auto name, domain_of_ours(store_, domain));
    const MutexLock lock(change_mutex);
    PH_TRY(const auto rows, keys_of(store_, name));
    PH_TRY(const auto row, key_of(rows, name, selector));
    if (row.state == DkimState::active)
        return fail(ErrorKind::denied,
                    fmt::format("{} is active: it signs the mail of {}", row.selector, name),
                    fmt::format("replace it (posthaste dkim rotate {}) or end it (posthaste dkim "
                                "retire {} {}) first",
                                name, name, row.selector));
    store::Changes changes;
    changes.push_back(store::RemoveDkimKey{name, row.selector});
    return store_.committer().submit_and_wait(std::move(changes));
}

}  // namespace posthaste::accounts
