#include "net/tlsa.h"

#include <gtest/gtest.h>

namespace posthaste::net {
namespace {

TlsaRecord record(int usage, int selector, int matching, std::size_t size, char fill = 'x') {
    return {static_cast<std::uint8_t>(usage), static_cast<std::uint8_t>(selector),
            static_cast<std::uint8_t>(matching), std::string(size, fill)};
}

TEST(Tlsa, ReadFromDns) {
    const auto read = parse_tlsa_data(std::string("\3\1\1", 3) + std::string(32, '\xab'));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, record(3, 1, 1, 32, '\xab'));
    EXPECT_EQ(to_string(*parse_tlsa_data("\3\1\1\x0f\xff")), "3 1 1 0fff");
    EXPECT_FALSE(parse_tlsa_data("\3\1\1"));
    EXPECT_FALSE(parse_tlsa_data(""));
}

TEST(Tlsa, WhatSmtpCanUse) {
    struct Case {
        TlsaRecord record;
        bool usable;
    };

    const Case kCases[] = {
        {record(3, 1, 1, 32), true},  {record(2, 0, 2, 64), true},  {record(0, 1, 1, 32), false},
        {record(1, 0, 1, 32), false}, {record(4, 1, 1, 32), false}, {record(255, 0, 1, 32), false},
        {record(3, 2, 1, 32), false}, {record(3, 1, 3, 32), false}, {record(3, 1, 1, 31), false},
        {record(3, 1, 2, 32), false}, {record(3, 0, 0, 32), false}, {record(2, 1, 0, 32), false},
    };
    for (const auto& one : kCases)
        EXPECT_EQ(is_usable(one.record), one.usable) << to_string(one.record);
}

TEST(Tlsa, TheStrongestDigestOfEachUsageAndSelector) {
    const auto chosen = usable_records(
        {record(3, 1, 1, 32), record(3, 1, 2, 64), record(2, 1, 1, 32), record(3, 0, 1, 32),
         record(1, 1, 2, 64), record(3, 1, 2, 64), record(3, 1, 2, 32)});
    const std::vector<TlsaRecord> kWanted{record(2, 1, 1, 32), record(3, 0, 1, 32),
                                          record(3, 1, 2, 64)};
    EXPECT_EQ(chosen, kWanted);
    EXPECT_TRUE(usable_records({record(0, 0, 1, 32)}).empty());
    EXPECT_TRUE(usable_records({}).empty());
}

}  // namespace
}  // namespace posthaste::net
