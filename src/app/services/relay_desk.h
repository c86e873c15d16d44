// Who answers for the logins at smarthosts: the running server, or the configuration and the store
// when none runs.
#pragma once

#include "app/config/settings.h"
#include "delivery/login/logins.h"
#include "store/store.h"
#include "web/admin/relay.h"

#include <memory>

namespace posthaste::app {

// Both outlive it.
std::unique_ptr<web::RelayDesk> live_relays(delivery::Logins& logins);
std::unique_ptr<web::RelayDesk> offline_relays(const Settings& settings, store::Store& store);

}  // namespace posthaste::app
