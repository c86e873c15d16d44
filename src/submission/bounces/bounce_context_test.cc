#include "submission/bounces/bounce_context.h"

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

IpAddress address(std::string_view text) {
    return *IpAddress::parse(text);
}

TEST(WrongAddresses, are_counted_by_network_for_an_hour) {
    WrongAddresses wrong;
    const SteadyTime start{std::chrono::hours(10)};
    EXPECT_EQ(wrong.count(address("192.0.2.1"), start), 0U);
    wrong.note(address("192.0.2.1"), start);
    wrong.note(address("192.0.2.1"), start + Seconds(10));
    wrong.note(address("2001:db8:1:2::1"), start);
    EXPECT_EQ(wrong.count(address("192.0.2.1"), start + Seconds(20)), 2U);
    EXPECT_EQ(wrong.count(address("192.0.2.2"), start), 0U);
    EXPECT_EQ(wrong.count(address("2001:db8:1:2:ffff::9"), start), 1U) << "a /64 is one customer";
    EXPECT_EQ(wrong.count(address("2001:db8:1:3::1"), start), 0U);
    const SteadyTime later = start + WrongAddresses::kWindow + Seconds(1);
    EXPECT_EQ(wrong.count(address("192.0.2.1"), later), 0U);
    wrong.note(address("192.0.2.1"), later);
    EXPECT_EQ(wrong.count(address("192.0.2.1"), later), 1U) << "counted anew";
}

TEST(WrongAddresses, stay_bounded) {
    WrongAddresses wrong;
    const SteadyTime start{std::chrono::hours(10)};
    for (std::size_t i = 0; i < 2 * WrongAddresses::kMostNetworks; ++i) {
        const auto octet = [&](unsigned shift) { return static_cast<std::uint8_t>(i >> shift); };
        wrong.note(IpAddress::v4({10, octet(16), octet(8), octet(0)}), start);
    }
    wrong.note(address("192.0.2.1"), start);
    EXPECT_EQ(wrong.count(address("192.0.2.1"), start), 1U);
}

TEST(LetterAllowance, begins_anew_each_hour) {
    LetterAllowance letters;
    const SteadyTime start{std::chrono::hours(10)};
    EXPECT_TRUE(letters.take(2, start));
    EXPECT_TRUE(letters.take(2, start + Seconds(5)));
    EXPECT_FALSE(letters.take(2, start + Seconds(10)));
    EXPECT_FALSE(letters.take(2, start + std::chrono::hours(1)));
    EXPECT_TRUE(letters.take(2, start + std::chrono::hours(1) + Seconds(1)));
    EXPECT_FALSE(LetterAllowance().take(0, start));
}

}  // namespace
}  // namespace posthaste::submission
