#include "app/listen_addresses.h"

namespace posthaste::app {

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
    return all;
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
