// AccountIndex: everybody who can log in, as of one generation of the directory. Immutable and
// shared between threads.
#pragma once

#include "accounts/login_name.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/store.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace posthaste::accounts {

class AccountIndex {
  public:
    struct Entry {
        store::AccountRow row;
        // Empty, or the password before the present one and when it was replaced.
        store::FormerPasswordRow former{};
        std::shared_ptr<const std::set<std::string>> addresses{};  // the account's own and `also`
    };

    // Blocking.
    static Result<std::shared_ptr<const AccountIndex>> load(store::Engine& engine);

    struct Match {
        const Entry* entry = nullptr;  // null: nobody
        std::string address;           // what the name was taken for; "" when it is no address
        // The name has no '@' and there are several domains (or none): a failure is R4 whether or
        // not the local part happens to be unique, so that the reply does not tell who exists.
        bool guessed = false;
    };

    // The account of that address; else the one account that has it as a further address. Without
    // '@': in the domain that `server_name` (SNI) belongs to, else in the only domain, else by a
    // local part that one account alone has.
    Match find(const LoginName& name, std::string_view server_name = {}) const;

  private:
    std::string domain_of_server(std::string_view server_name) const;
    const Entry* by_address(const std::string& key) const;

    std::vector<Entry> entries_;
    std::vector<std::string> domains_;
    std::unordered_map<std::string, const Entry*> by_address_;
    std::unordered_map<std::string, const Entry*> by_alias_;  // null: several accounts have it
    std::unordered_map<std::string, const Entry*> by_local_;  // likewise
};

// The index of the present generation, loaded anew when the directory has changed. Thread-safe;
// `get` blocks.
class AccountIndexHolder {
  public:
    explicit AccountIndexHolder(store::Store& store) : store_(store) {}

    struct Current {
        std::shared_ptr<const AccountIndex> index;
        std::uint64_t generation = 0;
    };

    Result<Current> get();

  private:
    store::Store& store_;
    Mutex mutex_;
    Current current_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::accounts
