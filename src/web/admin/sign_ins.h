// GET /v1/sign-ins: the last sign-ins and refusals of a person or a network, each with our reading
// and the mend.
#pragma once

#include "web/admin/api.h"

#include <memory>

namespace posthaste::web {

void add_sign_in_resource(Router& router, const std::shared_ptr<const AdminServices>& services);

}  // namespace posthaste::web
