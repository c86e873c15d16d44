// An IP address as a value, without port and without zone. No sockets here.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste {

class IpAddress {
  public:
    IpAddress() = default;  // ::
    static IpAddress v4(std::array<std::uint8_t, 4> octets);
    // ::ffff:a.b.c.d becomes the IPv4 address that it stands for, so that one peer is one value.
    static IpAddress v6(std::array<std::uint8_t, 16> octets);
    // "192.0.2.1" or "2001:db8::1"; no brackets, no zone, no leading zeros in IPv4.
    static std::optional<IpAddress> parse(std::string_view text);

    bool is_v4() const { return v4_; }

    bool is_v6() const { return !v4_; }

    std::array<std::uint8_t, 4> v4_octets() const;  // is_v4() only

    // IPv4 as ::ffff:a.b.c.d.
    const std::array<std::uint8_t, 16>& octets() const { return octets_; }

    std::string to_string() const;

    bool is_loopback() const;     // 127.0.0.0/8, ::1
    bool is_private() const;      // RFC 1918, RFC 6598 (100.64.0.0/10), RFC 4193 (fc00::/7)
    bool is_link_local() const;   // 169.254.0.0/16, fe80::/10
    bool is_multicast() const;    // 224.0.0.0/4, ff00::/8
    bool is_unspecified() const;  // 0.0.0.0, ::

    // What limits are counted by: an IPv6 customer owns a whole /64.
    IpAddress network_key() const;

    auto operator<=>(const IpAddress&) const = default;

  private:
    bool v4_ = false;  // first, so that IPv4 sorts together
    std::array<std::uint8_t, 16> octets_{};
};

}  // namespace posthaste

template <>
struct std::hash<posthaste::IpAddress> {
    std::size_t operator()(const posthaste::IpAddress& address) const noexcept;
};
