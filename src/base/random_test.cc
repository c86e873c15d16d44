#include "base/random.h"

#include <algorithm>
#include <array>
#include <set>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(Random, below_a_bound_every_number_comes) {
    std::array<int, 7> seen{};
    for (int i = 0; i < 70'000; ++i) ++seen.at(random_below(7));
    // Ten thousand each; six standard deviations are about 555.
    for (const int count : seen) EXPECT_NEAR(count, 10'000, 600);
    EXPECT_EQ(random_below(1), 0U);
    for (int i = 0; i < 1000; ++i) EXPECT_LT(random_below((1ULL << 63) + 1), (1ULL << 63) + 1);
}

TEST(Random, tokens_have_the_size_and_alphabet_promised) {
    std::set<std::string> seen;
    for (const std::size_t octets : {1U, 2U, 4U, 5U, 10U, 16U, 20U, 32U}) {
        const std::string token = random_token(octets);
        EXPECT_EQ(token.size(), (octets * 8 + 4) / 5);
        EXPECT_EQ(token.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz"), std::string::npos);
    }
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(random_token(10)).second);
    EXPECT_EQ(random_token(0), "");
}

TEST(Random, every_letter_of_a_token_varies) {
    std::array<std::set<char>, 16> seen;
    for (int i = 0; i < 500; ++i) {
        const std::string token = random_token(10);
        for (std::size_t at = 0; at < seen.size(); ++at) seen.at(at).insert(token.at(at));
    }
    for (const auto& letters : seen) EXPECT_GT(letters.size(), 25U);
}

TEST(Random, fills_all_octets) {
    std::array<std::uint8_t, 64> octets{};
    fill_random(octets);
    EXPECT_LT(std::ranges::count(octets, 0), 16);
    fill_random({});
}

}  // namespace
}  // namespace posthaste
