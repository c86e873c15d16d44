// Help pages: for every reply of ours, every error number of Outlook and every code of a mail
// server, why and what to do. Served by the server itself, so that the address in a refusal works
// where nothing else does.
//
//   GET /h/?error=TEXT the index with a box that answers; TEXT may be a whole error window
//   GET /h/{code}      "8", "R8", "0x800CCC0F", "800ccc0f", "550"; 404 with the box for others
#pragma once

#include "web/pages/public_pages.h"

namespace posthaste::web {

void add_help_pages(Router& router, const std::shared_ptr<PublicServices>& services);

}  // namespace posthaste::web
