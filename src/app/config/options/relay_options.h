// The keys of a smarthost's login and limits, which [relay] and each [[route]] have alike: one
// list, so that neither can do what the other cannot.
#pragma once

#include "app/config/option.h"

#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace posthaste::app {

struct RelayKey {
    std::string_view name;  // "auth", "oauth.tenant"
    OptionType type = OptionType::text;
    std::string_view fallback;
    std::string_view text;
    std::string_view choices;
    std::function<Result<void>(RelaySettings&, const OptionValue&)> set;
    bool in_routes = true;  // false: a route says it by a key of its own ("via", "tls")
};

std::span<const RelayKey> relay_keys();
const RelayKey* find_relay_key(std::string_view name);

// As rows of the option table.
std::vector<Option> relay_options();        // "relay.…"
std::vector<Option> route_relay_options();  // "route[].…"

}  // namespace posthaste::app
