// A range of IP addresses as a value: "10.0.0.0/8", "fd00::/8", or one address.
#pragma once

#include "base/ip.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste {

class IpNetwork {
  public:
    // An address alone is a network of one. No host bits beyond the prefix: "10.0.0.1/8" may be a
    // slip of the pen, and means more than it seems to. Nothing for what is no network.
    static std::optional<IpNetwork> parse(std::string_view text);

    bool contains(const IpAddress& address) const;

    // Every address of it is loopback, private or link-local: nobody comes from there through the
    // internet.
    bool is_inside() const;

    std::string to_string() const;

    bool operator==(const IpNetwork&) const = default;

  private:
    IpAddress base_;
    std::uint8_t bits_ = 0;  // of the 128 of IpAddress::octets; IPv4 begins at 96
};

}  // namespace posthaste
