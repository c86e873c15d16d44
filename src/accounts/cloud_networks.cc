#include "accounts/cloud_networks.h"

#include "base/assert.h"

namespace posthaste::accounts {
namespace {

// A network that is missing here is treated as any other, and can be added by
// limits.trusted_networks; one too many is slowed down by the lock of the account alone.
constexpr const char* kNetworks[] = {
    // Microsoft: Exchange Online. Published by the Microsoft 365 endpoints web service
    // (endpoints.office.com, instance Worldwide, service area Exchange). Some IPv4 ranges were
    // compared with copies of it; the others, and all of IPv6, are from memory (2025): compare.
    "13.107.6.152/31",
    "13.107.18.10/31",
    "13.107.128.0/22",
    "23.103.160.0/20",
    "40.92.0.0/15",
    "40.96.0.0/13",
    "40.104.0.0/15",
    "40.107.0.0/16",
    "52.96.0.0/14",
    "52.100.0.0/14",
    "52.238.78.88/32",
    "104.47.0.0/17",
    "131.253.33.215/32",
    "132.245.0.0/16",
    "150.171.32.0/22",
    "204.79.197.215/32",
    "2603:1006::/40",
    "2603:1016::/36",
    "2603:1026::/36",
    "2603:1036::/36",
    "2603:1046::/36",
    "2603:1056::/36",
    "2620:1ec:4::152/128",
    "2620:1ec:4::153/128",
    "2620:1ec:c::10/128",
    "2620:1ec:c::11/128",
    "2620:1ec:d::10/128",
    "2620:1ec:d::11/128",
    "2620:1ec:8f0::/46",
    "2620:1ec:900::/46",
    "2620:1ec:a92::152/128",
    "2620:1ec:a92::153/128",
    "2a01:111:f400::/48",
    "2a01:111:f403::/48",
    // Google: _spf.google.com with _netblocks, _netblocks2 and _netblocks3, which its help page
    // "Google IP address ranges for outbound mail servers" names. Some IPv4 ranges were compared
    // with copies of them; the others, and all of IPv6, are from memory (2025): compare.
    "35.190.247.0/24",
    "64.233.160.0/19",
    "66.102.0.0/20",
    "66.249.80.0/20",
    "72.14.192.0/18",
    "74.125.0.0/16",
    "108.177.8.0/21",
    "108.177.96.0/19",
    "172.217.0.0/19",
    "172.217.32.0/20",
    "172.217.128.0/19",
    "172.217.160.0/20",
    "172.217.192.0/19",
    "172.253.56.0/21",
    "172.253.112.0/20",
    "173.194.0.0/16",
    "209.85.128.0/17",
    "216.58.192.0/19",
    "216.239.32.0/19",
    "2001:4860:4000::/36",
    "2404:6800:4000::/36",
    "2607:f8b0:4000::/36",
    "2800:3f0:4000::/36",
    "2a00:1450:4000::/36",
    "2c0f:fb50:4000::/36",
    // Apple: "Use Apple products on enterprise networks" (support.apple.com/101555). Known
    // as of 2025.
    "17.0.0.0/8",
    "2403:300::/32",
    "2620:149::/32",
    "2a01:b740::/32",
};

}  // namespace

std::vector<IpNetwork> cloud_networks() {
    std::vector<IpNetwork> networks;
    for (const char* text : kNetworks) {
        const auto network = IpNetwork::parse(text);
        PH_ASSERT(network.has_value());
        networks.push_back(*network);
    }
    return networks;
}

}  // namespace posthaste::accounts
