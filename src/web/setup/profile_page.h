// GET /m/{address}.mobileconfig: Apple's configuration profile, signed with the key of the server's
// own certificate. For every address of a domain of ours, whether it exists or not.
#pragma once

#include "web/pages/public_pages.h"

namespace posthaste::web {

void add_profile_page(Router& router, const std::shared_ptr<PublicServices>& services);

}  // namespace posthaste::web
