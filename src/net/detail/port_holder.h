// Who listens on a TCP port, for the error message of a failed bind. For sources of net/ only.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace posthaste::net::detail {

// "master (pid 812)", as far as /proc tells this user; "" otherwise.
std::string find_port_holder(std::uint16_t port);

// Somebody does, whoever it is.
bool is_listened_on(std::uint16_t port);

// The inodes of the sockets that listen on the port, from the text of /proc/net/tcp or tcp6.
std::set<std::uint64_t> listening_inodes(std::string_view table, std::uint16_t port);

}  // namespace posthaste::net::detail
