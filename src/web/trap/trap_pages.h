// The trap's inbox as pages (no script needed) and as JSON in the shape of Mailpit's API.
//
//   GET  /?query=&start=          the list            POST /delete-all
//   GET  /view/{id}               a message           POST /view/{id}/delete
//   GET  /view/{id}/source        as it came          GET  /view/{id}/part/{number}
//   GET  /livez  /readyz
//
//   GET    /api/v1/info
//   GET    /api/v1/messages?start=&limit=&query=
//   DELETE /api/v1/messages {"IDs":[…]}                     none or empty: all
//   GET    /api/v1/message/{id}   …/raw   …/headers   …/part/{number}
//   GET    /api/v1/wait?to=&since=MILLISECONDS&timeout=10s  the first to that address, else 408
//
// {id} may be "latest".
#pragma once

#include "runtime/offload.h"
#include "trap/inbox.h"
#include "web/http/router.h"

#include <string>

namespace posthaste::web {

struct TrapPagesOptions {
    std::string send_to;  // "127.0.0.1:1025", for the empty inbox; may be empty
    std::string version;
};

void add_trap_pages(Router& router, trap::Inbox& inbox, runtime::BlockingPool& blocking,
                    TrapPagesOptions options = {});

}  // namespace posthaste::web
