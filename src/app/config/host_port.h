// "smtp.provider.net:587", "10.0.0.1:25", "[2001:db8::1]:25": a next hop as the configuration names
// it.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace posthaste::app {

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};

Result<HostPort> parse_host_port(std::string_view text);

}  // namespace posthaste::app
