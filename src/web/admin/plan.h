// GET /v1/plan?to=DOMAIN|ADDRESS&from=&account=&route=    what would be done with such mail, and
// why
#pragma once

#include "web/admin/api.h"

namespace posthaste::web {

void add_plan_resource(Router& router, const std::shared_ptr<const AdminServices>& services);

}  // namespace posthaste::web
