// The set-up page: public, without secrets, the same for every address, so that nobody learns who
// has an account here.
//
//   GET  /setup?lang=&program=&address=&error=     GET /setup.css   GET /setup.js   GET /icon.svg
//   GET  /                                         leads to /setup
#pragma once

#include "discovery/settings.h"
#include "web/router.h"

#include <string>

namespace posthaste::web {

struct SetupPagesOptions {
    discovery::MailSettings settings;  // but for the domain
    std::string admin;                 // address of whoever runs the server
};

void add_setup_pages(Router& router, SetupPagesOptions options);

}  // namespace posthaste::web
