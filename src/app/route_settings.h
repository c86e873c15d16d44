// The keys of one [[route]], which have no place of their own in Settings.
#pragma once

#include "app/option_table.h"

#include <string_view>

namespace posthaste::app {

// `key` is "route[].to", "route[].via" or "route[].tls". Errors: syntax (no domain, no next hop).
Result<void> set_route(RouteSettings& route, std::string_view key, const OptionValue& value);

}  // namespace posthaste::app
