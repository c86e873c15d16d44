#include "net/detail/name_counter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace posthaste::net::detail {
namespace {

TEST(NameCounter, tells_the_most_asked_for_first) {
    NameCounter counter;
    counter.add("b.test");
    for (int i = 0; i < 3; ++i) counter.add("a.test");
    auto names = counter.list();
    ASSERT_EQ(names.size(), 2U);
    EXPECT_EQ(names[0].name, "a.test");
    EXPECT_EQ(names[0].count, 3U);
    EXPECT_GT(names[0].last, Timestamp{});
}

TEST(NameCounter, a_flood_of_names_displaces_its_own_kind) {
    NameCounter counter(10);
    for (int i = 0; i < 5; ++i) counter.add("daily.test");
    for (int i = 0; i < 10'000; ++i) counter.add(fmt::format("r{}.test", i));
    auto names = counter.list();
    EXPECT_EQ(names.size(), 10U);
    EXPECT_EQ(names[0].name, "daily.test");
}

TEST(NameCounter, what_is_no_host_name_is_not_kept) {
    NameCounter counter;
    for (const auto& odd : {std::string(), std::string("a b"), std::string("<script>"),
                            std::string("\n"), std::string(300, 'a')})
        counter.add(odd);
    EXPECT_TRUE(counter.list().empty());
}

}  // namespace
}  // namespace posthaste::net::detail
