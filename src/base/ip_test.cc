#include "base/ip.h"

#include <unordered_set>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

IpAddress ip(std::string_view text) {
    const auto address = IpAddress::parse(text);
    EXPECT_TRUE(address) << text;
    return address.value_or(IpAddress{});
}

TEST(IpAddress, reads_and_writes) {
    struct Row {
        std::string_view in, out;
    };

    constexpr Row kRows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:201", "192.0.2.1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::", "::"},
        {"::1", "::1"},
        {"fe80::1", "fe80::1"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    for (const Row& row : kRows) EXPECT_EQ(ip(row.in).to_string(), row.out) << row.in;
}

TEST(IpAddress, refuses_what_is_not_one_address) {
    struct Row {
        const char* name;
        std::string_view text;
    };

    constexpr Row kRows[] = {
        {"empty", ""},
        {"three octets", "192.0.2"},
        {"octal", "192.0.02.1"},
        {"hexadecimal", "0x7f.0.0.1"},
        {"a number", "2130706433"},
        {"over 255", "192.0.2.256"},
        {"a port", "192.0.2.1:25"},
        {"brackets", "[::1]"},
        {"a zone", "fe80::1%eth0"},
        {"a prefix", "10.0.0.0/8"},
        {"space before", " 192.0.2.1"},
        {"space behind", "192.0.2.1 "},
        {"a NUL behind", {"192.0.2.1\0", 10}},
        {"two gaps", "1::2::3"},
        {"longer than any", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555555"},
    };
    for (const Row& row : kRows) EXPECT_FALSE(IpAddress::parse(row.text)) << row.name;
}

struct Kinds {
    std::string_view address;
    bool loopback = false, is_private = false, link_local = false, multicast = false,
         unspecified = false;
};

constexpr Kinds kKinds[] = {
    {.address = "127.0.0.1", .loopback = true},
    {.address = "127.255.255.255", .loopback = true},
    {.address = "::1", .loopback = true},
    {.address = "::ffff:127.0.0.1", .loopback = true},
    {.address = "128.0.0.1"},
    {.address = "::2"},
    {.address = "10.255.0.1", .is_private = true},
    {.address = "172.15.255.255"},
    {.address = "172.16.0.0", .is_private = true},
    {.address = "172.31.255.255", .is_private = true},
    {.address = "172.32.0.0"},
    {.address = "192.168.1.1", .is_private = true},
    {.address = "100.63.255.255"},
    {.address = "100.64.0.0", .is_private = true},
    {.address = "100.127.255.255", .is_private = true},
    {.address = "100.128.0.0"},
    {.address = "fc00::1", .is_private = true},
    {.address = "fdff::1", .is_private = true},
    {.address = "fe00::1"},
    {.address = "169.254.169.254", .link_local = true},
    {.address = "fe80::1", .link_local = true},
    {.address = "febf::1", .link_local = true},
    {.address = "fec0::1"},
    {.address = "224.0.0.1", .multicast = true},
    {.address = "239.1.2.3", .multicast = true},
    {.address = "240.0.0.1"},
    {.address = "ff02::1", .multicast = true},
    {.address = "0.0.0.0", .unspecified = true},
    {.address = "::", .unspecified = true},
    {.address = "2001:db8::1"},
};

TEST(IpAddress, knows_its_kind) {
    for (const Kinds& row : kKinds) {
        SCOPED_TRACE(row.address);
        const IpAddress address = ip(row.address);
        EXPECT_EQ(address.is_loopback(), row.loopback);
        EXPECT_EQ(address.is_private(), row.is_private);
        EXPECT_EQ(address.is_link_local(), row.link_local);
        EXPECT_EQ(address.is_multicast(), row.multicast);
        EXPECT_EQ(address.is_unspecified(), row.unspecified);
    }
}

TEST(IpAddress, a_network_is_what_one_customer_has) {
    EXPECT_EQ(ip("2001:db8:1:2:3:4:5:6").network_key(), ip("2001:db8:1:2::"));
    EXPECT_NE(ip("2001:db8:1:2::1").network_key(), ip("2001:db8:1:3::1").network_key());
    EXPECT_EQ(ip("192.0.2.7").network_key(), ip("192.0.2.7"));
}

TEST(IpAddress, one_peer_is_one_value) {
    EXPECT_EQ(ip("::ffff:192.0.2.1"), IpAddress::v4({192, 0, 2, 1}));
    EXPECT_NE(ip("0.0.0.0"), ip("::"));
    std::unordered_set<IpAddress> set{ip("192.0.2.1"), ip("::ffff:192.0.2.1"), ip("2001:db8::1")};
    EXPECT_EQ(set.size(), 2U);
    EXPECT_EQ(ip("192.0.2.1").v4_octets(), (std::array<std::uint8_t, 4>{192, 0, 2, 1}));
}

}  // namespace
}  // namespace posthaste
