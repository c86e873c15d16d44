// The DKIM keys of our domains. Private keys come in by `import` and never go out.
//
//   GET    /v1/dkim?domain=&check=1      all domains when empty; check: what DNS shows for each
//   POST   /v1/dkim {"domain","algorithm":"rsa|ed25519","bits","selector"}   or, to take one over,
//                   {"domain","selector","pem"}
//   POST   /v1/dkim/{domain}/{selector}/activate {"checked":true}   only when DNS shows it
//   (default) POST   /v1/dkim/{domain}/{selector}/retire DELETE /v1/dkim/{domain}/{selector}
#pragma once

#include "web/admin/api.h"

#include <memory>

namespace posthaste::web {

void add_dkim_resources(Router& router, const std::shared_ptr<const AdminServices>& services);

}  // namespace posthaste::web
