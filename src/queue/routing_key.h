// Routing keys: what the scheduler groups recipients by: their domain, and the name of the route
// that their mail takes for its sender's sake, where that is another than the domain alone would
// get.
#pragma once

#include <string>
#include <string_view>

namespace posthaste::queue {

// Neither a domain nor a route's name has a space in it.
inline std::string routing_key(std::string_view domain, std::string_view route) {
    std::string key(domain);
    if (!route.empty()) key.append(" ").append(route);
    return key;
}

inline std::string_view domain_of(std::string_view key) {
    return key.substr(0, key.find(' '));
}

inline std::string_view route_of(std::string_view key) {
    const auto space = key.find(' ');
    return space == key.npos ? std::string_view() : key.substr(space + 1);
}

}  // namespace posthaste::queue
