#include "base/id.h"

#include <algorithm>
#include <thread>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(QueueId, text_and_octets_sort_by_age) {
    QueueId last = QueueId::make();
    for (int i = 0; i < 100'000; ++i) {
        const QueueId id = QueueId::make();
        ASSERT_LT(last, id);
        ASSERT_LT(last.to_string(), id.to_string());
        last = id;
    }
}

TEST(QueueId, carries_the_time) {
    const auto before = now().time_since_epoch().count();
    const QueueId id = QueueId::make();
    std::int64_t milliseconds = 0;
    for (std::size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | id.octets[i];
    EXPECT_GE(milliseconds, before);
    EXPECT_LE(milliseconds, before + 60'000);
}

TEST(QueueId, threads_never_get_the_same) {
    std::vector<std::vector<QueueId>> made(4);
    {
        std::vector<std::jthread> threads;
        threads.reserve(made.size());
        for (auto& mine : made)
            threads.emplace_back([&mine] {
                for (int i = 0; i < 20'000; ++i) mine.push_back(QueueId::make());
            });
    }
    std::unordered_set<QueueId> all;
    for (const auto& mine : made) {
        EXPECT_TRUE(std::ranges::is_sorted(mine));
        all.insert(mine.begin(), mine.end());
    }
    EXPECT_EQ(all.size(), 80'000U);
}

TEST(QueueId, comes_back_from_text_in_either_case) {
    EXPECT_EQ(QueueId{}.to_string(), "00000000000000000000000000");
    QueueId most;
    most.octets.fill(0xff);
    EXPECT_EQ(most.to_string(), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    EXPECT_EQ(QueueId::parse("7zzzzzzzzzzzzzzzzzzzzzzzzz"), most);
    for (int i = 0; i < 1000; ++i) {
        const QueueId id = QueueId::make();
        EXPECT_EQ(QueueId::parse(id.to_string()), id);
    }
}

TEST(QueueId, refuses_other_text) {
    struct Row {
        const char* name;
        std::string_view text;
    };

    constexpr Row kRows[] = {
        {"empty", ""},
        {"too short", "0000000000000000000000000"},
        {"too long", "000000000000000000000000000"},
        {"more than 128 bits", "80000000000000000000000000"},
        {"letter I", "0000000000000000000000000I"},
        {"letter L", "0000000000000000000000000L"},
        {"letter O", "0000000000000000000000000O"},
        {"letter U", "0000000000000000000000000U"},
        {"a bad first letter", "U0000000000000000000000000"},
        {"a path", "../../../../../../etc/pass"},
        {"a NUL",
         {"000000000000\0"
          "0000000000000",
          26}},
        {"8-bit", "000000000000000000000000\xc3\xa4"},
    };
    for (const Row& row : kRows) EXPECT_FALSE(QueueId::parse(row.text)) << row.name;
}

}  // namespace
}  // namespace posthaste
