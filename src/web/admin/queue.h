// The admin API's view of the queue: status, list, show, hold, release, retry, cancel, backup.
#pragma once

#include "web/admin/api.h"

#include <memory>

namespace posthaste::web {

void add_queue_resources(Router& router, std::shared_ptr<const AdminServices> services);

}  // namespace posthaste::web
