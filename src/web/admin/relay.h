// The admin API's view of the logins at smarthosts: how each went, until when its token is good,
// and what to do. Never a password or a token.
//
//   GET  /v1/relays            POST /v1/relays/sign-in {"name","refresh_token"}
#pragma once

#include "delivery/login/logins.h"
#include "web/admin/api.h"

#include <memory>
#include <string>
#include <vector>

namespace posthaste::web {

// Whoever knows. Both run on the blocking pool.
class RelayDesk {
  public:
    virtual ~RelayDesk() = default;
    virtual Result<std::vector<delivery::LoginReport>> report() = 0;
    // Keeps what a person's sign-in gave, for the login of that name. Errors: not_found, and those
    // of the store.
    virtual Result<void> sign_in(const std::string& name, const Secret& refresh_token) = 0;
};

void add_relay_resources(Router& router, std::shared_ptr<const AdminServices> services);

}  // namespace posthaste::web
