// All that the configuration wants listened on, each with its key, and which of them exclude each
// other.
#pragma once

#include "app/config/settings.h"

#include <string>
#include <string_view>
#include <vector>

namespace posthaste::app {

struct NamedAddress {
    std::string_view key;  // "listen.submission"
    net::ListenAddress address;
};

std::vector<NamedAddress> listen_addresses(const Settings& settings);

// As bound, ports that the kernel chose included.
struct Bound {
    std::vector<std::string> submission;
    std::string https, http, http_challenge, trap, metrics, bounces;  // empty when not configured
};

// Where an MX host would be this server: the addresses that mail comes in at, or leaves from, if
// that port is listened on, and whatever [delivery] own_addresses adds. Asks the kernel for those
// of the machine when all are listened on.
std::vector<IpAddress> own_addresses(const Settings& settings);

// One process cannot listen on both: the same port, and the same address or one of them is all
// addresses. Port 0 is another one each time.
bool exclude_each_other(const net::ListenAddress& one, const net::ListenAddress& other);

}  // namespace posthaste::app
