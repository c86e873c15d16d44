// The keys of one [[route]] and one [[source]], which have no place of their own in Settings, and
// what no key of them can tell alone.
#pragma once

#include "app/option_table.h"

#include <string_view>

namespace posthaste::app {

// `key` is "route[].to" and so on. Errors: syntax (no domain, no next hop).
Result<void> set_route(RouteSettings& route, std::string_view key, const OptionValue& value);
// `key` is "source[].name" and so on.
Result<void> set_source(SourceSettings& source, std::string_view key, const OptionValue& value);

// "mx", "trap" and "hold", or hosts: of each text those that are equals, the first text first. Each
// is "host:port", "[host]:port" or "mx:name", which goes to port 25 unless "mx:name:port" says
// more.
Result<std::vector<delivery::RelayHost>> parse_relay_hosts(const std::vector<std::string>& via);

// What is wrong with a route or source as a whole, or with how they name each other.
struct RouteMistake {
    bool of_source = false;
    std::size_t index = 0;  // in Settings::routes or Settings::sources
    std::string text;
    std::string mend;
};

std::vector<RouteMistake> check_routes(const Settings& settings);

}  // namespace posthaste::app
