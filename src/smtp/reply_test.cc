#include "smtp/reply.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

using mail::EnhancedStatus;

TEST(Reply, ToWire) {
    struct Row {
        const char* name;
        Reply reply;
        std::string_view wire;
    };

    const Row rows[] = {
        {"one line", {250, EnhancedStatus{2, 0, 0}, {"Accepted"}}, "250 2.0.0 Accepted\r\n"},
        {"the status stands in every line (RFC 2034)",
         {550, EnhancedStatus{5, 1, 1}, {"No such user", "Check the spelling"}},
         "550-5.1.1 No such user\r\n550 5.1.1 Check the spelling\r\n"},
        {"no status", {354, {}, {"Go on"}}, "354 Go on\r\n"},
        {"EHLO",
         {250, {}, {"mx.example", "SIZE 1", "DSN"}},
         "250-mx.example\r\n250-SIZE 1\r\n250 DSN\r\n"},
        {"empty challenge keeps its space", {334, {}, {""}}, "334 \r\n"},
        {"no lines", {250, {}, {}}, "250 \r\n"},
        {"no lines, status", {250, EnhancedStatus{2, 0, 0}, {}}, "250 2.0.0\r\n"},
        {"a text cannot make a line of its own",
         {250, {}, {"a\r\n221 Bye\x7f\x01"}},
         "250 a  221 Bye  \r\n"},
        {"UTF-8 passes", {250, {}, {"gr\xc3\xbc\xc3\x9f"}}, "250 gr\xc3\xbc\xc3\x9f\r\n"},
    };
    for (const auto& row : rows) EXPECT_EQ(row.reply.to_wire(), row.wire) << row.name;
}

TEST(Reply, TextJoinsLines) {
    EXPECT_EQ((Reply{250, {}, {"a", "b c", "", "d"}}.text()), "a b c d");
    EXPECT_EQ((Reply{250, {}, {}}.text()), "");
}

struct ParseRow {
    const char* name;
    std::vector<std::string> lines;
    Reply expected;
};

TEST(ReplyParser, Rows) {
    const ParseRow rows[] = {
        {"one line", {"250 OK"}, {250, {}, {"OK"}}},
        {"status", {"550 5.1.1 No such user"}, {550, EnhancedStatus{5, 1, 1}, {"No such user"}}},
        {"status alone", {"250 2.0.0"}, {250, EnhancedStatus{2, 0, 0}, {""}}},
        {"no text", {"250"}, {250, {}, {""}}},
        {"no text but a space", {"250 "}, {250, {}, {""}}},
        {"CR left over", {"250 OK\r"}, {250, {}, {"OK"}}},
        {"code and CR", {"250\r"}, {250, {}, {""}}},
        {"several lines", {"250-a", "250-b", "250 c"}, {250, {}, {"a", "b", "c"}}},
        {"empty lines within", {"250-", "250-b", "250"}, {250, {}, {"", "b", ""}}},
        {"status in every line",
         {"550-5.7.1 No", "550 5.7.1 never"},
         {550, EnhancedStatus{5, 7, 1}, {"No", "never"}}},
        {"another status later stays text",
         {"550-5.7.1 No", "550 5.1.1 never"},
         {550, EnhancedStatus{5, 7, 1}, {"No", "5.1.1 never"}}},
        {"status only later counts for nothing",
         {"550-No", "550 5.1.1 never"},
         {550, {}, {"No", "5.1.1 never"}}},
        {"class does not fit the code", {"450 5.1.1 x"}, {450, {}, {"5.1.1 x"}}},
        {"354 has none", {"354 2.0.0 go"}, {354, {}, {"2.0.0 go"}}},
        {"not a status", {"550 5.1 x"}, {550, {}, {"5.1 x"}}},
        {"an address is no status", {"550 5.1.1.2 x"}, {550, {}, {"5.1.1.2 x"}}},
        {"unusual second digit", {"571 no"}, {571, {}, {"no"}}},
        {"octets are kept", {"550 \x01\xff"}, {550, {}, {"\x01\xff"}}},
        {"line of 2,048", {"250 " + std::string(2044, 'a')}, {250, {}, {std::string(2044, 'a')}}},
    };
    for (const auto& row : rows) {
        ReplyParser parser;
        // Twice: `take` starts anew.
        for (int round = 0; round < 2; ++round) {
            for (std::size_t i = 0; i < row.lines.size(); ++i) {
                const auto done = parser.add_line(row.lines[i]);
                ASSERT_TRUE(done) << row.name;
                EXPECT_EQ(*done, i + 1 == row.lines.size()) << row.name;
            }
            EXPECT_EQ(parser.take(), row.expected) << row.name;
        }
    }
}

TEST(ReplyParser, Refused) {
    struct Row {
        const char* name;
        std::vector<std::string> lines;
        ErrorKind kind = ErrorKind::syntax;
    };

    const Row rows[] = {
        {"empty", {""}},
        {"short", {"25"}},
        {"no code", {"OK"}},
        {"1xx", {"150 x"}},
        {"6xx", {"650 x"}},
        {"0xx", {"050 x"}},
        {"letters", {"2a0 x"}},
        {"glued", {"250OK"}},
        {"four digits", {"2500 x"}},
        {"tab", {"250\tx"}},
        {"leading space", {" 250 x"}},
        {"different codes", {"250-a", "550 b"}},
        {"different codes of one class", {"250-a", "251 b"}},
        {"a second line without a code", {"250-a", "b"}},
        {"HTTP", {"HTTP/1.1 400 Bad Request"}},
        {"line of 2,049", {std::string("250 ") + std::string(2045, 'a')}, ErrorKind::too_large},
        {"101 lines", std::vector<std::string>(101, "250-a"), ErrorKind::too_large},
    };
    for (const auto& row : rows) {
        ReplyParser parser;
        for (std::size_t i = 0; i + 1 < row.lines.size(); ++i) {
            ASSERT_TRUE(parser.add_line(row.lines[i])) << row.name;
        }
        const auto bad = parser.add_line(row.lines.back());
        ASSERT_FALSE(bad) << row.name;
        EXPECT_EQ(bad.error().kind, row.kind) << row.name;
        EXPECT_FALSE(parser.add_line("250 OK")) << row.name << ": an error stays";
    }
}

TEST(ReplyParser, AHundredLinesPass) {
    ReplyParser parser;
    for (int i = 0; i < 99; ++i) ASSERT_TRUE(parser.add_line("250-a"));
    const auto done = parser.add_line("250 b");
    ASSERT_TRUE(done);
    EXPECT_TRUE(*done);
    EXPECT_EQ(parser.take().lines.size(), 100u);
}

}  // namespace
}  // namespace posthaste::smtp
