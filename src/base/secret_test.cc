#include "base/secret.h"

#include "base/log.h"

#include <concepts>
#include <type_traits>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace posthaste {
namespace {

static_assert(!std::is_constructible_v<LogField, std::string_view, Secret>);
static_assert(!std::is_convertible_v<Secret, std::string> &&
              !std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);
static_assert(!fmt::is_formattable<Secret>::value);

TEST(Secret, is_copied_and_moved_whole) {
    for (const std::string value :
         {"short", "a secret longer than any small-string buffer holds"}) {
        Secret first(value);
        const Secret copy = first;  // NOLINT(performance-unnecessary-copy-initialization)
        const Secret moved = std::move(first);
        EXPECT_EQ(moved.reveal(), value);
        EXPECT_EQ(copy.reveal(), value);
        EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): promised to be cleansed
        first = copy;
        EXPECT_EQ(first.reveal(), value);
        Secret other("old");
        other = std::move(first);
        EXPECT_EQ(other.reveal(), value);
        const Secret& itself = other;
        other = itself;
        EXPECT_EQ(other.reveal(), value);
    }
}

TEST(Secret, leaves_nothing_in_a_short_strings_own_buffer) {
    alignas(Secret) unsigned char place[sizeof(Secret)];
    auto* secret = new (place) Secret(std::string("pass-word"));
    Secret moved = std::move(*secret);
    EXPECT_EQ(std::string_view(reinterpret_cast<char*>(place), sizeof place).find("pass-word"),
              std::string_view::npos);
    secret->~Secret();
    EXPECT_EQ(moved.reveal(), "pass-word");
}

TEST(Secret, compares_all_octets) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc\xff", "abc\xff"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("xbc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
}

}  // namespace
}  // namespace posthaste
