#include "web/pages/public_pages.h"

#include "web/pages/help_pages.h"
#include "web/setup/discovery_pages.h"
#include "web/setup/profile_page.h"

namespace posthaste::web {

void add_public_pages(Router& router, const std::shared_ptr<PublicServices>& services) {
    add_discovery_pages(router, services);
    add_profile_page(router, services);
    add_help_pages(router, services);
}

}  // namespace posthaste::web
