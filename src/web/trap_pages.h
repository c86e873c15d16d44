// The trap's inbox as a page (no script needed) and as JSON in the shape of Mailpit's API.
#pragma once

#include "runtime/offload.h"
#include "trap/inbox.h"
#include "web/router.h"

namespace posthaste::web {

void add_trap_pages(Router& router, trap::Inbox& inbox, runtime::BlockingPool& blocking);

}  // namespace posthaste::web
