// What anybody may ask for beside the set-up page, over TLS on listen.https and in clear on
// loopback: set-up documents (discovery_pages.h), Apple's profile (profile_page.h), help
// (help_pages.h).
#pragma once

#include "discovery/settings.h"
#include "net/tls.h"
#include "runtime/offload.h"
#include "store/store.h"
#include "web/http/router.h"
#include "web/setup/served_domains.h"

#include <memory>
#include <string>

namespace posthaste::web {

// What they stand on; one for all of them. References outlive the router.
struct PublicServices {
    PublicServices(store::Store& s, runtime::BlockingPool& b)
        : store(s), blocking(b), domains(s, b) {}

    store::Store& store;
    runtime::BlockingPool& blocking;
    ServedDomains domains;
    discovery::MailSettings settings;  // but for the domain and its name (settings_for)
    std::string admin;                 // whom to ask, named in texts
    std::shared_ptr<const net::TlsServerContext> tls;  // signs profiles; null: they go unsigned
};

void add_public_pages(Router& router, const std::shared_ptr<PublicServices>& services);

}  // namespace posthaste::web
