// The DNS records to publish for each domain.
//
//   GET /v1/dns?domain=&lang=&address=    domain: all of them when empty; address: of this host,
//   may
//                                         come several times
#pragma once

#include "web/admin/api.h"

#include <memory>

namespace posthaste::web {

void add_dns_resources(Router& router, const std::shared_ptr<const AdminServices>& services);

}  // namespace posthaste::web
