// The documents by which mail programs set themselves up (clients.md 1, 2). No password is asked
// for; a domain of ours is answered the same for every address of it, another one is not served
// (threats.md W2, W7).
//
//   GET|POST /autodiscover/autodiscover.xml, /autodiscover.xml         any letter case
//   GET      /autodiscover/autodiscover.json?Protocol=, …/v1.0/{address}   likewise
//   GET      /mail/config-v1.1.xml?emailaddress=
//   GET      /.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=
//   GET      /.well-known/user-agent-configuration.json                PACC, by host name
#pragma once

#include "web/pages/public_pages.h"

namespace posthaste::web {

void add_discovery_pages(Router& router, const std::shared_ptr<PublicServices>& services);

}  // namespace posthaste::web
