#include "base/levenshtein.h"

#include <array>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

constexpr std::array<std::string_view, 7> kWords = {"port", "ports",    "hostname",        "relay",
                                                    "tls",  "data_dir", "max_message_size"};

TEST(Closest, finds_what_was_meant) {
    struct Row {
        const char* name;
        std::string_view word;
        std::optional<std::string> expected;
    };

    const Row rows[] = {
        {"the word itself", "relay", "relay"},
        {"the first of equals", "por", "port"},
        {"a letter missing", "hostnme", "hostname"},
        {"two letters swapped", "tsl", "tls"},
        {"another case", "HostName", "hostname"},
        {"a dash for a line", "data-dir", "data_dir"},
        {"a third of a long word", "maximum_messagesize", "max_message_size"},
        {"nothing near", "password", std::nullopt},
        {"short words are not all alike", "abc", std::nullopt},
        {"one letter", "x", std::nullopt},
        {"empty", "", std::nullopt},
    };
    for (const Row& row : rows) EXPECT_EQ(closest(row.word, kWords), row.expected) << row.name;
    EXPECT_EQ(closest("port", {}), std::nullopt);
}

TEST(Closest, does_not_work_hard_for_long_input) {
    const std::string endless(1'000'000, 'a');
    const std::string_view candidates[] = {endless, "a"};
    EXPECT_EQ(closest(endless, candidates), std::nullopt);
    EXPECT_EQ(closest("aa", candidates), std::nullopt);
}

}  // namespace
}  // namespace posthaste
