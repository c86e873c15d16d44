#include "base/ip.h"

#include "base/assert.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>

namespace posthaste {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
    IpAddress address;
    address.v4_ = true;
    std::ranges::copy(kMappedPrefix, address.octets_.begin());
    std::ranges::copy(octets, address.octets_.begin() + 12);
    return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
    IpAddress address;
    address.octets_ = octets;
    address.v4_ = std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), octets.begin());
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    char buffer[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    text.copy(buffer, text.size());
    buffer[text.size()] = '\0';
    if (std::array<std::uint8_t, 4> octets{}; inet_pton(AF_INET, buffer, octets.data()) == 1)
        return v4(octets);
    if (std::array<std::uint8_t, 16> octets{}; inet_pton(AF_INET6, buffer, octets.data()) == 1)
        return v6(octets);
    return std::nullopt;
}

std::array<std::uint8_t, 4> IpAddress::v4_octets() const {
    PH_ASSERT(v4_);
    return {octets_[12], octets_[13], octets_[14], octets_[15]};
}

std::string IpAddress::to_string() const {
    char buffer[INET6_ADDRSTRLEN];
    const void* octets = v4_ ? octets_.data() + 12 : octets_.data();
    PH_ASSERT(inet_ntop(v4_ ? AF_INET : AF_INET6, octets, buffer, sizeof buffer) != nullptr);
    return buffer;
}

bool IpAddress::is_loopback() const {
    if (v4_) return octets_[12] == 127;
    return octets_[15] == 1 &&
           std::all_of(octets_.begin(), octets_.end() - 1, [](auto o) { return o == 0; });
}

bool IpAddress::is_private() const {
    if (!v4_) return (octets_[0] & 0xfeU) == 0xfc;
    const std::uint8_t a = octets_[12];
    const std::uint8_t b = octets_[13];
    return a == 10 || (a == 172 && (b & 0xf0U) == 16) || (a == 192 && b == 168) ||
           (a == 100 && (b & 0xc0U) == 64);
}

bool IpAddress::is_link_local() const {
    if (v4_) return octets_[12] == 169 && octets_[13] == 254;
    return octets_[0] == 0xfe && (octets_[1] & 0xc0U) == 0x80;
}

bool IpAddress::is_multicast() const {
    return v4_ ? (octets_[12] & 0xf0U) == 0xe0 : octets_[0] == 0xff;
}

bool IpAddress::is_unspecified() const {
    return std::all_of(octets_.begin() + (v4_ ? 12 : 0), octets_.end(),
                       [](auto o) { return o == 0; });
}

IpAddress IpAddress::network_key() const {
    if (v4_) return *this;
    IpAddress key = *this;
    std::fill(key.octets_.begin() + 8, key.octets_.end(), std::uint8_t{0});
    return key;
}

}  // namespace posthaste

std::size_t std::hash<posthaste::IpAddress>::operator()(
    const posthaste::IpAddress& address) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, address.octets().data(), sizeof high);
    std::memcpy(&low, address.octets().data() + 8, sizeof low);
    std::uint64_t mixed = high * 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ mixed >> 32 ^ low) * 0xbf58476d1ce4e5b9U;
    return static_cast<std::size_t>(mixed ^ mixed >> 32);
}
