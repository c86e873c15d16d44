// The domains whose addresses send here: what decides who gets a set-up document. As of the
// directory's present generation; read anew when that has changed.
#pragma once

#include "base/mutex.h"
#include "discovery/settings.h"
#include "mail/domain.h"
#include "runtime/offload.h"
#include "runtime/task.h"
#include "store/store.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

namespace posthaste::web {

// `base` for one domain: what documents and DNS records say about it. The digest of the PACC
// document in the DNS depends on it, so there is one such function.
discovery::MailSettings settings_for(const discovery::MailSettings& base,
                                     const mail::Domain& domain);

// Whether mail programs may reach us by `host`: a served domain or one of its names for set-up.
bool is_name_of(const std::unordered_set<std::string>& domains, std::string_view host);

// Thread-safe.
class ServedDomains {
  public:
    using Names = std::unordered_set<std::string>;  // as mail::Domain::ascii

    // Both outlive this.
    ServedDomains(store::Store& store, runtime::BlockingPool& blocking)
        : store_(store), blocking_(blocking) {}

    // Errors: those of reading the store.
    runtime::Task<Result<std::shared_ptr<const Names>>> get();

  private:
    std::shared_ptr<const Names> cached(std::uint64_t generation);
    void keep(std::shared_ptr<const Names> names, std::uint64_t generation);

    store::Store& store_;
    runtime::BlockingPool& blocking_;
    Mutex mutex_;
    std::shared_ptr<const Names> names_ PH_GUARDED_BY(mutex_);
    std::uint64_t generation_ PH_GUARDED_BY(mutex_) = 0;
};

}  // namespace posthaste::web
