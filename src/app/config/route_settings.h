// The keys of one [[route]] and one [[source]], which have no place of their own in Settings, and
// what no key of them can tell alone.
#pragma once

#include "app/config/option.h"

#include <string_view>

namespace posthaste::app {

// `key` is "route[].to" and so on. Errors: syntax (no domain, no next hop).
Result<void> set_route(RouteSettings& route, std::string_view key, const OptionValue& value);
// What follows from what was said: the hosts of a preset, the login's kind and limits. `number`
// counts from 1; a route without a name is called by it.
void complete_route(RouteSettings& route, std::size_t number);
// `key` is "source[].name" and so on.
Result<void> set_source(SourceSettings& source, std::string_view key, const OptionValue& value);

// "mx", "trap" and "hold", or hosts: of each text those that are equals, the first text first. Each
// is "host:port", "[host]:port", "lmtp:" in front of one of these, "lmtp:unix:/path", or "mx:name",
// which goes to port 25 unless "mx:name:port" says more.
Result<std::vector<delivery::RelayHost>> parse_relay_hosts(const std::vector<std::string>& via);

// What is wrong with a route or source as a whole, or with how they name each other.
struct RouteMistake {
    bool of_source = false;
    std::size_t index = 0;  // in Settings::routes or Settings::sources
    std::string key;        // "route[].auth"; empty: the whole
    std::string text;
    std::string mend;
};

// A smarthost that the configuration names, with a login or without.
struct NamedRelay {
    std::string name;  // of its route; "default" is [relay]
    RelaySettings settings;
};

std::vector<NamedRelay> named_relays(const Settings& settings);

std::vector<RouteMistake> check_routes(const Settings& settings);

}  // namespace posthaste::app
