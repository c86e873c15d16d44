#include "app/client/dialect.h"

#include "app/cli/command.h"

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace posthaste::app {
namespace {

TEST(Dialect, EachHasANameOfItsOwnAndIsFoundByIt) {
    std::set<std::string_view> names;
    for (const auto& dialect : dialects()) {
        EXPECT_TRUE(names.insert(dialect.name).second) << dialect.name;
        EXPECT_EQ(find_dialect(dialect.name), &dialect);
        EXPECT_FALSE(dialect.program.empty());
    }
    EXPECT_EQ(names.size(), 9U);
    EXPECT_EQ(find_dialect("eudora"), nullptr);
}

TEST(Dialect, TheHelpNamesAllOfThem) {
    for (const auto& command : cli::command_table()) {
        if (command.name != "send") continue;
        for (const auto& dialect : dialects())
            EXPECT_NE(command.details.find(dialect.name), std::string_view::npos) << dialect.name;
    }
}

// A pattern that cannot be filled would end the program in the middle of a talk.
TEST(Dialect, PatternsHoldTheirMarks) {
    for (const auto& dialect : dialects()) {
        EXPECT_NE(dialect.mail.find("{}"), std::string_view::npos) << dialect.name;
        EXPECT_NE(dialect.rcpt.find("{}"), std::string_view::npos) << dialect.name;
        EXPECT_NO_THROW(static_cast<void>(fmt::format(
            fmt::runtime(dialect.header), fmt::arg("date", ""), fmt::arg("short_date", ""),
            fmt::arg("hex", ""), fmt::arg("uuid", ""), fmt::arg("domain", ""))))
            << dialect.name;
        EXPECT_NO_THROW(
            static_cast<void>(fmt::format(fmt::runtime(dialect.greeting), fmt::arg("literal", ""))))
            << dialect.name;
        EXPECT_TRUE(dialect.header.empty() || dialect.header.ends_with("\r\n")) << dialect.name;
    }
}

}  // namespace
}  // namespace posthaste::app
