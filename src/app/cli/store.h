// What `posthaste store upgrade` does, for `posthaste try` too.
#pragma once

#include "app/config/settings.h"
#include "base/result.h"
#include "store/upgrade.h"

#include <string>

namespace posthaste::app::cli {

// "/var/lib/posthaste.before-20261123-140211": beside the store, and of this moment.
std::string default_snapshot(const std::string& store);

// As the user whom the store belongs to, which the process stays. Errors: conflict (a server runs),
// and those of store::upgrade.
Result<store::Upgraded> upgrade_store(const Settings& settings, std::string snapshot);

}  // namespace posthaste::app::cli
