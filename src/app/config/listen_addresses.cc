#include "app/config/listen_addresses.h"

#include <cstring>
#include <ifaddrs.h>
#include <netinet/in.h>

namespace posthaste::app {

namespace {

void add_machine_addresses(std::vector<IpAddress>& own) {
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return;
    for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
        if (at->ifa_addr == nullptr) continue;
        if (at->ifa_addr->sa_family == AF_INET) {
            std::array<std::uint8_t, 4> octets{};
            const auto* v4 = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
            std::memcpy(octets.data(), &v4->sin_addr, octets.size());
            own.push_back(IpAddress::v4(octets));
        } else if (at->ifa_addr->sa_family == AF_INET6) {
            std::array<std::uint8_t, 16> octets{};
            const auto* v6 = reinterpret_cast<const sockaddr_in6*>(at->ifa_addr);
            std::memcpy(octets.data(), &v6->sin6_addr, octets.size());
            own.push_back(IpAddress::v6(octets));
        }
    }
    freeifaddrs(first);
}

}  // namespace

std::vector<NamedAddress> listen_addresses(const Settings& settings) {
    std::vector<NamedAddress> all;
    for (const auto& address : settings.submission) all.push_back({"listen.submission", address});
    const auto add = [&](std::string_view key, const std::optional<net::ListenAddress>& address) {
        if (address) all.push_back({key, *address});
    };
    add("listen.https", settings.https);
    add("listen.http_challenge", settings.http_challenge);
    add("listen.http", settings.http);
    add("listen.trap", settings.trap);
    add("listen.metrics", settings.metrics);
    add("legacy.listen", settings.legacy.listen);
    add("bounces.listen", settings.bounces.listen);
    return all;
}

std::vector<IpAddress> own_addresses(const Settings& settings) {
    std::vector<IpAddress> own = settings.own_addresses;
    bool all = false, any = false;
    const auto look = [&](const net::ListenAddress& listen) {
        if (listen.port != settings.mx_port) return;
        any = true;
        const auto address = IpAddress::parse(listen.host);
        if (address && !address->is_unspecified())
            own.push_back(*address);
        else
            all = true;
    };
    for (const auto& listen : settings.submission) look(listen);
    if (settings.legacy.listen) look(*settings.legacy.listen);
    if (!any) return own;
    for (const auto& source : settings.sources) {
        if (source.v4) own.push_back(*source.v4);
        if (source.v6) own.push_back(*source.v6);
    }
    if (all) add_machine_addresses(own);
    return own;
}

bool exclude_each_other(const net::ListenAddress& one, const net::ListenAddress& other) {
    if (one.port != other.port || one.port == 0) return false;
    if (one.host.empty() || other.host.empty()) return true;
    const auto a = IpAddress::parse(one.host);
    const auto b = IpAddress::parse(other.host);
    if (!a || !b || a->is_v4() != b->is_v4()) return false;
    return *a == *b || a->is_unspecified() || b->is_unspecified();
}

}  // namespace posthaste::app
