// Changing the directory: the rules behind `posthaste domain`, `account` and `app-password`.
// Blocking; used by the admin API on a blocking pool and by the command line on the store itself.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "store/store.h"

#include <string>
#include <vector>

namespace posthaste::accounts {

struct NewAppPassword {
    std::string id;
    Secret password;  // shown once: five groups of letters, 80 random bits or more
};

class Directory {
  public:
    explicit Directory(store::Store& store) : store_(store) {}

    // Errors: syntax, conflict (exists already), not_found, denied (domain with accounts, unknown
    // domain), store_*. Texts and mends are written for people.
    Result<void> add_domain(std::string_view name);
    Result<void> remove_domain(std::string_view name);  // refused while accounts use it
    Result<std::vector<store::DomainRow>> domains();

    // Empty password: app passwords only. A password of fewer than 8 octets is refused.
    Result<void> add_account(std::string_view address, std::string_view name,
                             const Secret& password);
    Result<void> remove_account(std::string_view address);
    Result<void> set_disabled(std::string_view address, bool disabled);
    Result<void> set_profile(std::string_view address, store::Profile profile);
    Result<void> set_reports(std::string_view address, store::ReportWish wish);
    Result<void> set_verp(std::string_view address, store::Verp verp);
    // The highest MT-PRIORITY its mail may ask for (RFC 6710), 0 to 9. Errors: syntax, not_found.
    Result<void> set_priority(std::string_view address, std::int64_t priority);
    Result<void> set_password(std::string_view address, const Secret& password);
    // Of what we write to the person: en, de, fr or es.
    Result<void> set_language(std::string_view address, std::string_view code);
    Result<void> allow_address(std::string_view account, std::string_view address);
    Result<void> disallow_address(std::string_view account, std::string_view address);
    Result<std::vector<store::AccountRow>> accounts();
    Result<store::AccountRow> account(std::string_view address);

    // `device`: of something that cannot be told what to send as (Identity::device).
    Result<NewAppPassword> new_app_password(std::string_view account, std::string_view name,
                                            bool device = false);
    Result<void> revoke_app_password(std::string_view account, std::string_view id_or_name);
    Result<std::vector<store::AppPasswordRow>> app_passwords(std::string_view account);

  private:
    store::Store& store_;
};

}  // namespace posthaste::accounts
