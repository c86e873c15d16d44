// Sending a test message through the admin socket, and following a message to its end.
#pragma once

#include "web/admin/api.h"

#include <memory>

namespace posthaste::web {

void add_send_resources(Router& router, std::shared_ptr<const AdminServices> services);

}  // namespace posthaste::web
