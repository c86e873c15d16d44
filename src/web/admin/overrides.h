// GET /v1/overrides and POST /v1/overrides/clear {"which"}: what automation rules have changed
// because of replies. "which" is an override's id, a rule, a provider, a site or an account;
// without it all are cleared.
#pragma once

#include "web/admin/api.h"

#include <memory>

namespace posthaste::web {

void add_override_resources(Router& router, const std::shared_ptr<const AdminServices>& services);

}  // namespace posthaste::web
