#include "base/ip_network.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace posthaste {

namespace {

constexpr std::uint8_t kV4Offset = 96;

// Whether the first `bits` bits are the same.
bool same_prefix(const IpAddress& a, const IpAddress& b, std::uint8_t bits) {
    const std::size_t whole = bits / 8;
    if (!std::equal(a.octets().begin(), a.octets().begin() + static_cast<std::ptrdiff_t>(whole),
                    b.octets().begin()))
        return false;
    const unsigned rest = bits % 8U;
    if (rest == 0) return true;
    const unsigned mask = 0xffU << (8 - rest);
    return ((a.octets()[whole] ^ b.octets()[whole]) & mask) == 0;
}

bool has_bits_beyond(const IpAddress& address, std::uint8_t bits) {
    for (std::size_t bit = bits; bit < 128; ++bit)
        if ((address.octets()[bit / 8] >> (7 - bit % 8) & 1) != 0) return true;
    return false;
}

}  // namespace

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    IpNetwork network;
    network.base_ = *address;
    network.bits_ = 128;
    if (slash == std::string_view::npos) return network;
    const auto digits = text.substr(slash + 1);
    std::uint8_t bits = 0;
    const char* end = digits.data() + digits.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `end` says where
    const auto read = std::from_chars(digits.data(), end, bits);
    const bool plain = read.ec == std::errc() && read.ptr == end && !digits.empty() &&
                       (digits.size() == 1 || digits.front() != '0');
    // An IPv4 network written as ::ffff:10.0.0.0/104 is nobody's habit.
    const bool mapped = address->is_v4() && text.find(':') != std::string_view::npos;
    if (!plain || mapped || bits > (address->is_v4() ? 32 : 128)) return std::nullopt;
    network.bits_ = static_cast<std::uint8_t>(address->is_v4() ? bits + kV4Offset : bits);
    if (has_bits_beyond(*address, network.bits_)) return std::nullopt;
    return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
    return address.is_v4() == base_.is_v4() && same_prefix(address, base_, bits_);
}

bool IpNetwork::is_inside() const {
    // The whole network lies in the range that its first address lies in, if it is no wider.
    static constexpr std::string_view kInside[] = {
        "127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
        "169.254.0.0/16", "::1",        "fc00::/7",      "fe80::/10",
    };
    return std::ranges::any_of(kInside, [this](std::string_view text) {
        const auto range = parse(text);
        return range && bits_ >= range->bits_ && range->contains(base_);
    });
}

std::string IpNetwork::to_string() const {
    if (bits_ == 128) return base_.to_string();
    return fmt::format("{}/{}", base_.to_string(), base_.is_v4() ? bits_ - kV4Offset : bits_);
}

}  // namespace posthaste
