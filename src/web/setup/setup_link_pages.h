// Personal set-up pages, opened by a one-use link (accounts/setup_links.h).
//
//   GET  /setup/{token}        the page; or who may open it, and a button that does. Looking never
//                              opens: mail scanners follow links too
//   POST /setup/{token}/open   this browser keeps it from now on
//   GET  /setup/{token}/live?seen=VERSION   the live line once it differs, 204 after 25 s
//   POST /setup/{token}/test   a test message to the account itself, once
//   POST /setup/{token}/done
#pragma once

#include "accounts/setup_links.h"
#include "accounts/sign_in_log.h"
#include "queue/queue.h"
#include "runtime/offload.h"
#include "store/store.h"
#include "web/event_hub.h"
#include "web/http/router.h"
#include "web/setup/setup_pages.h"

#include <string>

namespace posthaste::web {

// References outlive the router.
struct SetupLinkServices {
    store::Store& store;
    queue::Queue& queue;
    runtime::BlockingPool& blocking;
    EventHub& events;
    accounts::SignInLog& sign_ins;
    SetupPagesOptions options;
};

void add_setup_link_pages(Router& router, SetupLinkServices services);

}  // namespace posthaste::web
