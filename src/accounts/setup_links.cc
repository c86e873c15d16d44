#include "accounts/setup_links.h"

#include "accounts/keyed_digest.h"
#include "base/ascii.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/secret.h"
#include "mail/mailbox.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::accounts {
namespace {

constexpr std::size_t kTokenOctets = 20;  // 160 bits, 32 letters
constexpr std::size_t kTokenLetters = 32;

// Every change here reads a row and writes it back: a link opened while a newer one is made must
// not come back. There is one store in a process.
Mutex change_mutex;

Result<void> commit(store::Store& store, store::SetupLinkRow row) {
    store::Changes changes;
    changes.emplace_back(store::PutSetupLink{std::move(row)});
    return store.committer().submit_and_wait(std::move(changes));
}

bool is_token(std::string_view text) {
    return text.size() == kTokenLetters && std::ranges::all_of(text, ascii::is_alnum);
}

}  // namespace

std::string SetupLinks::digest_of(std::string_view purpose, std::string_view secret) const {
    return to_octets(keyed_digest(store_.engine().server_secret(), {purpose, secret}));
}

std::string SetupLinks::make_browser_key() {
    return random_token(kTokenOctets);
}

bool SetupLinks::is_browser_key(std::string_view text) {
    return is_token(text);
}

Result<SetupLinks::Made> SetupLinks::make(std::string_view address, Seconds valid) {
    if (valid < kShortest || valid > kLongest)
        return fail(ErrorKind::syntax, "A set-up link is valid for one minute to 30 days",
                    "Choose a time such as 24h");
    PH_TRY(const auto mailbox, mail::Mailbox::parse(address));
    const MutexLock lock(change_mutex);
    PH_TRY(const auto account, store_.engine().account(mailbox.key()));
    if (!account)
        return fail(ErrorKind::not_found, fmt::format("There is no account {}", mailbox.key()),
                    "See: posthaste account list");
    if (account->disabled)
        return fail(ErrorKind::denied, fmt::format("The account {} is disabled", account->address),
                    fmt::format("posthaste account enable {}", account->address));
    Made made{random_token(kTokenOctets), now() + valid};
    store::SetupLinkRow row{.account = account->address,
                            .digest = digest_of("setup-link", made.token),
                            .created = now(),
                            .expires = store_.clock().now_queue() + valid,
                            .browser = {}};
    PH_CHECK(commit(store_, std::move(row)));
    return made;
}

Result<SetupLinks::Found> SetupLinks::find(std::string_view token, std::string_view browser) {
    if (!is_token(token)) return Found{};
    PH_TRY(auto row, store_.engine().setup_link_by_digest(digest_of("setup-link", token)));
    if (!row) return Found{};
    if (row->expires <= store_.clock().now_queue()) return Found{.state = State::expired};
    const bool is_key = is_browser_key(browser);
    if (!row->browser.empty() &&
        !(is_key && equal_in_constant_time(row->browser, digest_of("setup-browser", browser))))
        return Found{.state = State::elsewhere};
    PH_TRY(auto account, store_.engine().account(row->account));
    if (!account || account->disabled) return Found{};
    const State state = row->browser.empty() ? State::fresh : State::ours;
    return Found{.state = state, .row = std::move(*row), .name = std::move(account->name)};
}

Result<SetupLinks::Found> SetupLinks::open(std::string_view token, std::string_view browser) {
    const MutexLock lock(change_mutex);
    PH_TRY(auto found, find(token, browser));
    if (found.state != State::fresh || !is_browser_key(browser)) return found;
    found.row.browser = digest_of("setup-browser", browser);
    PH_CHECK(commit(store_, found.row));
    found.state = State::ours;
    return found;
}

Result<bool> SetupLinks::enter_test(std::string_view token, std::string_view browser,
                                    QueueId test) {
    const MutexLock lock(change_mutex);
    PH_TRY(auto found, find(token, browser));
    if (found.state != State::ours || found.row.ended || found.row.test) return false;
    found.row.test = test;
    PH_CHECK(commit(store_, std::move(found.row)));
    return true;
}

Result<void> SetupLinks::forget_test(std::string_view token, std::string_view browser) {
    const MutexLock lock(change_mutex);
    PH_TRY(auto found, find(token, browser));
    if (found.state != State::ours || !found.row.test) return {};
    found.row.test.reset();
    return commit(store_, std::move(found.row));
}

Result<void> SetupLinks::end(std::string_view token, std::string_view browser) {
    const MutexLock lock(change_mutex);
    PH_TRY(auto found, find(token, browser));
    if (found.state != State::ours || found.row.ended) return {};
    found.row.ended = true;
    return commit(store_, std::move(found.row));
}

}  // namespace posthaste::accounts
