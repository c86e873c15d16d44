#include "app/cli/command.h"

#include <gtest/gtest.h>

namespace posthaste::app::cli {

namespace {

Result<Parsed> parse_words(std::vector<std::string> words) {
    return parse(words);
}

TEST(CommandTable, EveryCommandHasTextAndAnExampleThatParses) {
    for (const auto& command : command_table()) {
        EXPECT_FALSE(command.summary.empty()) << command.name;
        ASSERT_TRUE(command.run != nullptr) << command.name;
        ASSERT_TRUE(command.example.starts_with("posthaste ")) << command.name;
        std::vector<std::string> words;
        std::string word;
        bool quoted = false;
        for (char c : command.example.substr(10)) {
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ' ' && !quoted) {
                words.push_back(word);
                word.clear();
            } else {
                word += c;
            }
        }
        words.push_back(word);
        auto parsed = parse(words);
        ASSERT_TRUE(parsed.has_value()) << command.example << ": " << parsed.error().text;
        EXPECT_EQ(parsed->command, &command) << command.example;
    }
}

TEST(CommandParsing, FlagsStandAnywhere) {
    auto parsed = parse_words({"queue", "list", "--json", "example.org", "--limit=5"});
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->command->name, "queue list");
    EXPECT_TRUE(parsed->arguments.json());
    EXPECT_EQ(parsed->arguments.words, std::vector<std::string>{"example.org"});
    EXPECT_EQ(parsed->arguments.get("--limit"), "5");
}

TEST(CommandParsing, FlagsOfEveryCommandStandBeforeItsWordsToo) {
    const std::vector<std::vector<std::string>> rows = {
        {"--json", "queue", "list", "--config", "f", "a.test"},
        {"queue", "--json", "--config=f", "list", "a.test"},
        {"--config", "f", "queue", "--json", "list", "a.test"},
    };
    for (const auto& row : rows) {
        auto parsed = parse_words(row);
        ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
        EXPECT_EQ(parsed->command->name, "queue list");
        EXPECT_TRUE(parsed->arguments.json());
        EXPECT_EQ(parsed->arguments.get("--config"), "f");
        EXPECT_EQ(parsed->arguments.words, std::vector<std::string>{"a.test"});
    }
    EXPECT_EQ(parse_words({"--json", "--version"})->command->name, "version");
    EXPECT_TRUE(parse_words({"--json", "--help"})->help);
    EXPECT_EQ(parse_words({"send", "--text", "--json"})->arguments.get("--text"), "--json");
    EXPECT_EQ(parse_words({"account", "show", "--", "-x@a.test"})->arguments.words,
              std::vector<std::string>{"-x@a.test"});
}

TEST(CommandParsing, RepeatedFlagsKeepAllValues) {
    auto parsed = parse_words({"send", "--to", "a@b.c", "--to", "d@e.f"});
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->arguments.all("--to").size(), 2U);
}

struct Wrong {
    std::vector<std::string> words;
    const char* mend;
};

TEST(CommandParsing, MistakesNameTheMend) {
    const Wrong rows[] = {
        {{"serv"}, "posthaste serve"},
        {{"queue", "lsit"}, "posthaste queue list"},
        {{"account"}, "posthaste account add"},
        {{"send", "--form", "a@b.c"}, "--from"},
        {{"send", "--to"}, "--to ADDRESS"},
        {{"send", "--wait=yes"}, "--wait alone"},
        {{"queue", "list", "-j"}, "--json"},
        {{"account", "show", "-x@a.test"}, "behind --"},
        {{"--json"}, "posthaste help"},
        {{"--config"}, "--config FILE"},
        {{"domain", "add", ""}, "posthaste domain add example.com"},
        {{"backup", ""}, "posthaste backup"},
        {{"account", "show", "\xff\xfe"}, "UTF-8"},
        {{"domain", "add"}, "posthaste domain add example.com"},
        {{"domain", "add", "a", "b"}, "posthaste domain add example.com"},
    };
    for (const auto& row : rows) {
        auto parsed = parse_words(row.words);
        ASSERT_FALSE(parsed.has_value()) << row.words[0];
        EXPECT_NE(parsed.error().mend.find(row.mend), std::string::npos)
            << parsed.error().text << " / " << parsed.error().mend;
    }
}

TEST(CommandParsing, HelpIsAskedForInEveryWay) {
    EXPECT_TRUE(parse_words({})->help);
    EXPECT_TRUE(parse_words({"--help"})->help);
    EXPECT_TRUE(parse_words({"send", "--help"})->help);
    EXPECT_TRUE(parse_words({"domain", "add", "-h"})->help);
}

TEST(CommandHelp, NamesEveryFlag) {
    for (const auto& command : command_table()) {
        auto help = help_of(command);
        for (const auto& flag : command.flags)
            EXPECT_NE(help.find(flag.name), std::string::npos) << command.name << flag.name;
    }
}

}  // namespace

}  // namespace posthaste::app::cli
