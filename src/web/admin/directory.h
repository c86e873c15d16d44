// The admin API's view of the directory: domains, accounts, further addresses, app passwords.
#pragma once

#include "web/admin/api.h"

#include <memory>

namespace posthaste::web {

void add_directory_resources(Router& router, const std::shared_ptr<const AdminServices>& services);

}  // namespace posthaste::web
