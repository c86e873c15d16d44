// The admin API's view of the whole server: what a person looks at first when mail is late.
//
//   GET  /v1/status
#pragma once

#include "web/admin/api.h"

namespace posthaste::web {

void add_status_resources(Router& router, std::shared_ptr<const AdminServices> services);

}  // namespace posthaste::web
