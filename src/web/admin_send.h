// Sending a test message through the admin socket, and following a message to its end.
#pragma once

#include <memory>

#include "web/admin_api.h"

namespace posthaste::web {

void add_send_resources(Router& router, std::shared_ptr<const AdminServices> services);

}  // namespace posthaste::web
