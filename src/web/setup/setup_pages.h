// The set-up page: public, without secrets, the same for every address, so that nobody learns who
// has an account here.
//
//   GET  /setup?lang=&program=&address=&error=     GET /setup.css   GET /setup.js   GET /icon.svg
//   GET  /                                         leads to /setup
//
// Whatever nothing of the router matches: "/Setup/" and "/help" lead to what was meant; a browser
// gets a page with the way to /setup, programs an error as JSON.
#pragma once

#include "discovery/settings.h"
#include "web/http/router.h"
#include "web/setup/served_domains.h"

#include <memory>
#include <string>

namespace posthaste::web {

struct SetupPagesOptions {
    discovery::MailSettings settings;  // but for the domain
    std::string admin;                 // address of whoever runs the server
    bool trap = false;                 // mail goes no further than the server's own inbox
    // Tells whose addresses are served here; null: that is not asked.
    std::shared_ptr<ServedDomains> domains{};
};

void add_setup_pages(Router& router, SetupPagesOptions options);

}  // namespace posthaste::web
