#include "base/ip_network.h"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

IpNetwork network(std::string_view text) {
    const auto parsed = IpNetwork::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(IpNetwork{});
}

TEST(IpNetwork, reads_and_writes) {
    for (const char* text : {"10.0.0.0/8", "192.168.1.0/24", "192.0.2.1", "0.0.0.0/0", "::/0",
                             "2001:db8::/32", "fd00::/8", "::1", "10.0.0.128/25"})
        EXPECT_EQ(network(text).to_string(), text);
    EXPECT_EQ(network("192.0.2.1/32").to_string(), "192.0.2.1");
}

TEST(IpNetwork, refuses_what_is_none) {
    for (const char* text :
         {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/8 ", "10.0.0.0/-1",
          "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0/8", "2001:db8::/129",
          "2001:db8::1/32", "::ffff:10.0.0.0/104", "all", "10.0.0.0-10.0.0.9", "10.0.0.0/256"})
        EXPECT_FALSE(IpNetwork::parse(text)) << text;
}

TEST(IpNetwork, contains_its_addresses_alone) {
    struct Row {
        const char* network;
        const char* address;
        bool inside;
    };

    for (const Row& row : {
             Row{"10.0.0.0/8", "10.255.255.255", true},
             Row{"10.0.0.0/8", "11.0.0.0", false},
             Row{"10.0.0.128/25", "10.0.0.127", false},
             Row{"10.0.0.128/25", "10.0.0.255", true},
             Row{"10.0.0.0/8", "::ffff:10.1.2.3", true},
             Row{"0.0.0.0/0", "203.0.113.9", true},
             Row{"0.0.0.0/0", "2001:db8::1", false},
             Row{"::/0", "10.0.0.1", false},
             Row{"fd00::/8", "fd12::1", true},
             Row{"fd00::/8", "fe80::1", false},
             Row{"192.0.2.7", "192.0.2.7", true},
             Row{"192.0.2.7", "192.0.2.8", false},
         })
        EXPECT_EQ(network(row.network).contains(*IpAddress::parse(row.address)), row.inside)
            << row.network << " " << row.address;
}

TEST(IpNetwork, knows_what_nobody_reaches_from_outside) {
    for (const char* text : {"10.0.0.0/8", "10.1.0.0/16", "192.168.0.0/16", "172.20.0.0/16",
                             "127.0.0.1", "100.64.0.0/10", "fd00::/8", "fe80::/64", "::1"})
        EXPECT_TRUE(network(text).is_inside()) << text;
    for (const char* text : {"0.0.0.0/0", "::/0", "10.0.0.0/7", "172.0.0.0/8", "203.0.113.0/24",
                             "2001:db8::/32", "192.0.0.0/8", "f000::/4", "8.8.8.8"})
        EXPECT_FALSE(network(text).is_inside()) << text;
}

}  // namespace
}  // namespace posthaste
