// Who may ask: against pages of strangers in a browser on this machine, which can reach loopback
// addresses too (threats.md W4). Pure.
#pragma once

#include "base/result.h"
#include "web/http/http.h"

#include <optional>
#include <string>
#include <vector>

namespace posthaste::web {

// DNS rebinding: a stranger's name that points at us still stands in Host. Let through are names
// that no stranger can own: IP addresses, localhost and names below it, names without a dot (a
// service in a container network), and `own_names`. Any port.
std::optional<Error> refuse_host(const HttpRequest& request,
                                 const std::vector<std::string>& own_names);

// Cross-site request forgery: what changes something must come from a page of ours, or from no page
// at all (Sec-Fetch-Site, else Origin against Host; programs that are no browser send neither).
std::optional<Error> refuse_origin(const HttpRequest& request);

}  // namespace posthaste::web
