// A sockaddr of either family and the Endpoint it stands for. For sources of net/ only.
#pragma once

#include "net/stream.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace posthaste::net::detail {

class SocketAddress {
  public:
    SocketAddress() = default;
    explicit SocketAddress(const Endpoint& endpoint);

    // For calls that fill it in.
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }

    socklen_t* length() { return &length_; }

    const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }

    socklen_t size() const { return length_; }

    int family() const { return storage_.ss_family; }

    Endpoint endpoint() const;  // all zero for other families

  private:
    sockaddr_storage storage_{};
    socklen_t length_ = sizeof(sockaddr_storage);
};

}  // namespace posthaste::net::detail
