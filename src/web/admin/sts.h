// What is known of a domain's MTA-STS policy.
//
//   GET  /v1/sts?domain=           the record, the cached policy, and which mail servers it lists
//   POST /v1/sts/{domain}/refresh  fetches it first; a running server only
#pragma once

#include "web/admin/api.h"

#include <memory>

namespace posthaste::web {

void add_sts_resources(Router& router, const std::shared_ptr<const AdminServices>& services);

}  // namespace posthaste::web
