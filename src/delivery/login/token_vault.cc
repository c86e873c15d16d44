#include "delivery/login/token_vault.h"

#include "net/sealed.h"

namespace posthaste::delivery {

namespace {

constexpr const char* kKind = "oauth";
// The provider says when it ends; until then it is ours to keep.
constexpr auto kKeptFor = std::chrono::hours(24 * 365 * 10);

std::string purpose(const std::string& name) {
    return "oauth refresh token " + name;
}

}  // namespace

Result<std::optional<Secret>> TokenVault::get(const std::string& name) const {
    PH_TRY(const auto row, store_.engine().kept(kKind, name));
    if (!row) return std::nullopt;
    auto opened = net::unseal(store_.engine().server_secret(), purpose(name), row->value);
    if (opened) return std::optional<Secret>(std::move(*opened));
    return fail(ErrorKind::denied, "the kept sign-in cannot be opened: " + opened.error().text,
                "sign in again: posthaste relay login");
}

Result<void> TokenVault::put(const std::string& name, const Secret& token) {
    store::KeptRow row;
    row.kind = kKind;
    row.key = name;
    row.value = net::seal(store_.engine().server_secret(), purpose(name), token);
    row.expires = now() + kKeptFor;
    store::Changes changes;
    changes.emplace_back(store::PutKept{std::move(row)});
    return store_.committer().submit_and_wait(std::move(changes));
}

}  // namespace posthaste::delivery
