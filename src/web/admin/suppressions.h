// Suppression lists over the admin API.
//
//   GET    /v1/suppressions?account=&text=&after_account=&after=&limit=   page by page
//   GET    /v1/suppressions/of/{address}                                   of every account
//   POST   /v1/suppressions {"account","entries":[{"address","note","source","cause","expires"}],
//                            "by"}                                         at most 1000
//   DELETE /v1/suppressions/{account}/{address}?by=
#pragma once

#include "web/admin/api.h"

namespace posthaste::web {

void add_suppression_resources(Router& router, std::shared_ptr<const AdminServices> services);

}  // namespace posthaste::web
