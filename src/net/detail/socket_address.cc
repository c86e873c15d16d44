#include "net/detail/socket_address.h"

#include <cstring>

namespace posthaste::net::detail {

SocketAddress::SocketAddress(const Endpoint& endpoint) {
    if (endpoint.address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        auto octets = endpoint.address.v4_octets();
        std::memcpy(&v4.sin_addr, octets.data(), octets.size());
        std::memcpy(&storage_, &v4, sizeof v4);
        length_ = sizeof v4;
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port);
        const auto& octets = endpoint.address.octets();
        std::memcpy(&v6.sin6_addr, octets.data(), octets.size());
        std::memcpy(&storage_, &v6, sizeof v6);
        length_ = sizeof v6;
    }
}

Endpoint SocketAddress::endpoint() const {
    if (storage_.ss_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, &storage_, sizeof v4);
        std::array<std::uint8_t, 4> octets;
        std::memcpy(octets.data(), &v4.sin_addr, octets.size());
        return {IpAddress::v4(octets), ntohs(v4.sin_port)};
    }
    if (storage_.ss_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &storage_, sizeof v6);
        std::array<std::uint8_t, 16> octets;
        std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
        return {IpAddress::v6(octets), ntohs(v6.sin6_port)};
    }
    return {};
}

}  // namespace posthaste::net::detail
