// POST /v1/accounts/{address}/setup-link: a one-use link to that person's set-up page.
#pragma once

#include "web/admin/api.h"

namespace posthaste::web {

void add_setup_link_resource(Router& router, const std::shared_ptr<const AdminServices>& services);

}  // namespace posthaste::web
