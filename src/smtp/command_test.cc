#include "smtp/command.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

using namespace std::string_view_literals;

struct CommandRow {
    const char* name;
    std::string_view line;
    Verb verb;
    std::string_view argument = "";
};

const CommandRow kCommandRows[] = {
    {"EHLO, NetBIOS name", "EHLO DESKTOP3507CDS", Verb::ehlo, "DESKTOP3507CDS"},
    {"EHLO alone", "EHLO", Verb::ehlo, ""},
    {"EHLO, capital V", "EHLO [IPV6:fe80::1]", Verb::ehlo, "[IPV6:fe80::1]"},
    {"EHLO, no tag", "EHLO [2001:db8::1]", Verb::ehlo, "[2001:db8::1]"},
    {"EHLO, underscore", "EHLO my_pc", Verb::ehlo, "my_pc"},
    {"EHLO, 8 bit", "EHLO B\xc3\xbcro-PC", Verb::ehlo, "B\xc3\xbcro-PC"},
    {"EHLO, Latin-1", "EHLO B\xfcro-PC", Verb::ehlo, "B\xfcro-PC"},
    {"HELO", "HELO printer", Verb::helo, "printer"},
    {"space at the end", "EHLO   a  ", Verb::ehlo, "a"},
    {"tab counts as space", "EHLO\ta\t", Verb::ehlo, "a"},
    {"lower case", "auth login", Verb::auth, "login"},
    {"mixed case", "mAiL fRoM:<a@b>", Verb::mail, "fRoM:<a@b>"},
    {"MAIL, space after the colon", "MAIL FROM: <a@example.com>", Verb::mail,
     "FROM: <a@example.com>"},
    {"MAIL, 8 bit", "MAIL FROM:<\xc3\xbc@b> SMTPUTF8", Verb::mail, "FROM:<\xc3\xbc@b> SMTPUTF8"},
    {"RCPT, 8 bit", "RCPT TO:<\xc3\xbc@b>", Verb::rcpt, "TO:<\xc3\xbc@b>"},
    {"STARTTLS", "STARTTLS", Verb::starttls},
    {"STARTTLS with argument", "STARTTLS now", Verb::starttls, "now"},
    {"DATA", "DATA", Verb::data},
    {"BDAT", "BDAT 5 LAST", Verb::bdat, "5 LAST"},
    {"RSET", "rset", Verb::rset},
    {"NOOP with argument", "NOOP hello", Verb::noop, "hello"},
    {"QUIT", "QUIT ", Verb::quit},
    {"VRFY", "VRFY anna", Verb::vrfy, "anna"},
    {"EXPN", "EXPN list", Verb::expn, "list"},
    {"HELP", "HELP", Verb::help},

    {"browser", "GET / HTTP/1.1", Verb::http, "/ HTTP/1.1"},
    {"form attack", "POST /x HTTP/1.1", Verb::http, "/x HTTP/1.1"},
    {"HEAD", "HEAD / HTTP/1.0", Verb::http, "/ HTTP/1.0"},
    {"PUT", "PUT / HTTP/1.1", Verb::http, "/ HTTP/1.1"},
    {"OPTIONS", "OPTIONS * HTTP/1.1", Verb::http, "* HTTP/1.1"},
    {"HTTP/2 preface", "PRI * HTTP/2.0", Verb::http, "* HTTP/2.0"},
    {"CONNECT", "CONNECT a:25 HTTP/1.1", Verb::http, "a:25 HTTP/1.1"},
    {"DELETE", "DELETE /", Verb::http, "/"},
    {"TRACE", "TRACE /", Verb::http, "/"},
    {"browser with controls and 8 bit", "GET /\x01\xff", Verb::http, "/\x01\xff"},
    {"POP USER", "USER anna", Verb::foreign, "anna"},
    {"POP PASS", "pass x", Verb::foreign, "x"},
    {"POP CAPA", "CAPA", Verb::foreign},
    {"POP STAT", "STAT", Verb::foreign},
    {"POP UIDL", "UIDL 1", Verb::foreign, "1"},
    {"IMAP CAPABILITY", "a1 CAPABILITY", Verb::foreign, "CAPABILITY"},
    {"IMAP LOGIN", "A0001 login anna x", Verb::foreign, "login anna x"},
    {"IMAP ID", "1.1 ID (\"name\" \"x\")", Verb::foreign, "ID (\"name\" \"x\")"},
    {"IMAP STARTTLS", "1 STARTTLS", Verb::foreign, "STARTTLS"},
    {"tag alone", "a1", Verb::unknown},
    {"tag and another word", "a1 FETCH", Verb::unknown, "FETCH"},
    {"NOOP LOGIN is ours", "NOOP LOGIN", Verb::noop, "LOGIN"},

    {"empty line", "", Verb::unknown},
    {"unknown", "XYZZY 1", Verb::unknown, "1"},
    {"CLIENTID", "CLIENTID UUID 1", Verb::unknown, "UUID 1"},
    {"verb glued", "MAILFROM:<a@b>", Verb::unknown},
    {"leading space", " QUIT", Verb::unknown, "QUIT"},
    {"prefix of a verb", "QUI", Verb::unknown},
};

TEST(ParseCommand, Rows) {
    for (const auto& row : kCommandRows) {
        const auto command = parse_command(row.line);
        ASSERT_TRUE(command) << row.name;
        EXPECT_EQ(command->verb, row.verb) << row.name;
        EXPECT_EQ(command->argument, row.argument) << row.name;
    }
}

TEST(ParseCommand, RefusedOctets) {
    struct Row {
        const char* name;
        std::string_view line;
    };

    const Row rows[] = {
        {"NUL cuts nothing", "NOOP\0RSET"sv},
        {"NUL at the end", "QUIT\0"sv},
        {"NUL in an address", "RCPT TO:<a\0@b>"sv},
        {"bare CR", "NOOP\rMAIL FROM:<a@b>"},
        {"bare CR at the end", "QUIT\r"},
        {"bare LF", "NOOP\nQUIT"},
        {"CR inside a quoted local part", "RCPT TO:<\"a\rb\"@c>"},
        {"DEL", "EHLO a\x7f"},
        {"ESC", "EHLO \x1b[2J"},
        {"VT", "NOOP\x0b"},
        {"8 bit behind NOOP", "NOOP \xc3\xbc"},
        {"8 bit behind AUTH", "AUTH PLAIN \xc3\xbc"},
        {"8 bit verb", "\xc3\xbc"},
        {"8 bit behind an unknown verb", "X \xff"},
        {"TLS hello", "\x16\x03\x01\x02"},
    };
    for (const auto& row : rows) {
        const auto command = parse_command(row.line);
        ASSERT_FALSE(command) << row.name;
        EXPECT_EQ(command.error().kind, ErrorKind::syntax) << row.name;
        EXPECT_FALSE(command.error().mend.empty()) << row.name;
    }
}

// "KEY=value" or "KEY", joined by a space, as parsed.
std::string show(const std::vector<Parameter>& parameters) {
    std::string text;
    for (const auto& p : parameters) {
        if (!text.empty()) text += ' ';
        text += p.keyword;
        if (p.has_value) text += "=" + p.value;
    }
    return text;
}

struct PathRow {
    const char* name;
    std::string_view argument;
    std::string_view path;
    std::string_view parameters = "";
};

const PathRow kPathRows[] = {
    {"plain", "FROM:<a@example.com>", "a@example.com"},
    {"null reverse-path", "FROM:<>", ""},
    {"null with parameters", "FROM:<> SIZE=1", "", "SIZE=1"},
    {"lower case", "from:<a@b> size=123 body=8bitmime", "a@b", "SIZE=123 BODY=8bitmime"},
    {"space after the colon (Outlook)", "FROM: <a@b>", "a@b"},
    {"spaces around the colon", "FROM \t:  <a@b>", "a@b"},
    {"no brackets (old devices)", "FROM:a@b", "a@b"},
    {"no brackets, parameters", "FROM: a@b SIZE=3", "a@b", "SIZE=3"},
    {"no brackets, quoted with a space", "FROM:\"a b\"@c SIZE=3", "\"a b\"@c", "SIZE=3"},
    {"quoted with a bracket", "FROM:<\"a>b\"@c>", "\"a>b\"@c"},
    {"quoted with an escaped quote", "FROM:<\"a\\\">b\"@c>", "\"a\\\">b\"@c"},
    {"quoted with an opening bracket", "FROM:<\"<\"@c>", "\"<\"@c"},
    {"source route is dropped (RFC 5321 App. C)", "FROM:<@a,@b:u@c.example>", "u@c.example"},
    {"source route of one", "FROM:<@relay.example:u@c>", "u@c"},
    {"source route with a literal", "FROM:<@[IPv6:2001:db8::1],@b:u@c>", "u@c"},
    {"literal", "FROM:<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"},
    {"UTF-8", "FROM:<\xc3\xbc@b> SMTPUTF8", "\xc3\xbc@b", "SMTPUTF8"},
    {"postmaster without a domain", "FROM:<postmaster>", "postmaster"},
    {"two @ are left to the address parser", "FROM:<a@b@c>", "a@b@c"},
    {"bang and percent are left alone", "FROM:<a!b%c@d>", "a!b%c@d"},
    {"several spaces between parameters", "FROM:<a@b>   A=1 \t B  ", "a@b", "A=1 B"},
    {"AUTH=<>", "FROM:<a@b> AUTH=<>", "a@b", "AUTH=<>"},
    {"value with UTF-8 (RFC 6531)", "FROM:<a@b> ORCPT=utf-8;\xc3\xbc@b", "a@b",
     "ORCPT=utf-8;\xc3\xbc@b"},
    {"keyword with digits and hyphen", "FROM:<a@b> 8X-Y", "a@b", "8X-Y"},
};

TEST(ParsePathArgument, Rows) {
    for (const auto& row : kPathRows) {
        const auto result = parse_path_argument(row.argument, "FROM:");
        ASSERT_TRUE(result) << row.name << ": " << result.error().text;
        EXPECT_EQ(result->path, row.path) << row.name;
        EXPECT_EQ(show(result->parameters), row.parameters) << row.name;
    }
}

TEST(ParsePathArgument, Refused) {
    struct Row {
        const char* name;
        std::string_view argument;
    };

    const std::string long_value = "FROM:<a@b> X=" + std::string(513, 'a');
    const std::string long_keyword = "FROM:<a@b> " + std::string(65, 'a');
    std::string many = "FROM:<a@b>";
    for (int i = 0; i < 33; ++i) many += " K" + std::to_string(i);
    const Row rows[] = {
        {"empty", ""},
        {"no prefix", "<a@b>"},
        {"wrong prefix", "TO:<a@b>"},
        {"no colon", "FROM <a@b>"},
        {"prefix alone", "FROM"},
        {"nothing behind the colon", "FROM:"},
        {"only spaces behind the colon", "FROM:   "},
        {"missing >", "FROM:<a@b"},
        {"missing > before parameters", "FROM:<a@b SIZE=3"},
        {"missing <", "FROM:a@b>"},
        {"two opening brackets", "FROM:<<a@b>>"},
        {"two paths", "FROM:<a@b><c@d>"},
        {"bracket inside", "FROM:<a<b@c>"},
        {"two closing brackets", "FROM:<a@b>>"},
        {"parameter glued", "FROM:<a@b>SIZE=3"},
        {"space inside", "FROM:<a b@c>"},
        {"space before the address", "FROM:< a@b>"},
        {"display name", "FROM:Anna <a@b>"},
        {"quoted display name", "FROM:\"Anna\" <a@b>"},
        {"comment", "FROM:<a@b> (Anna)"},
        {"open quote", "FROM:<\"a@b>"},
        {"quote ended by an escape", "FROM:<\"a\\"},
        {"tab in a quoted string", "FROM:<\"a\tb\"@c>"},
        {"tab escaped in a quoted string", "FROM:<\"a\\\tb\"@c>"},
        {"NUL", "FROM:<a\0@b>"sv},
        {"control in a quoted string", "FROM:<\"a\rb\"@c>"},
        {"escaped LF in a quoted string", "FROM:<\"a\\\nb\"@c>"},
        {"route without a mailbox", "FROM:<@a:>"},
        {"route twice", "FROM:<@a:@b:u@c>"},
        {"route without a colon", "FROM:<@a,@b>"},
        {"route with an empty host", "FROM:<@:u@c>"},
        {"route, second without @", "FROM:<@a,b:u@c>"},
        {"route, comma at the end", "FROM:<@a,:u@c>"},
        {"route, empty element", "FROM:<@a,,@b:u@c>"},
        {"route with an open literal", "FROM:<@[IPv6:1,@b:u@c>"},
        {"value empty", "FROM:<a@b> SIZE="},
        {"value with =", "FROM:<a@b> X=a=b"},
        {"keyword missing", "FROM:<a@b> =1"},
        {"keyword starts with hyphen", "FROM:<a@b> -X"},
        {"keyword with underscore", "FROM:<a@b> X_Y"},
        {"keyword with UTF-8", "FROM:<a@b> \xc3\xbc=1"},
        {"value with broken UTF-8", "FROM:<a@b> X=\xc3"},
        {"value with a control", "FROM:<a@b> X=\x01"},
        {"value too long", long_value},
        {"keyword too long", long_keyword},
        {"too many parameters", many},
    };
    for (const auto& row : rows) {
        const auto result = parse_path_argument(row.argument, "FROM:");
        ASSERT_FALSE(result) << row.name << " gave " << result->path;
        EXPECT_EQ(result.error().kind, ErrorKind::syntax) << row.name;
        EXPECT_FALSE(result.error().mend.empty()) << row.name;
    }
}

TEST(ParsePathArgument, BoundsAreInclusive) {
    std::string text = "TO:<a@b> X=" + std::string(512, 'a');
    for (int i = 0; i < 31; ++i) text += " K" + std::to_string(i);
    const auto result = parse_path_argument(text, "TO:");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->parameters.size(), 32u);
}

struct BdatRow {
    const char* name;
    std::string_view argument;
    bool good;
    std::uint64_t size = 0;
    bool last = false;
};

TEST(ParseBdat, Rows) {
    const BdatRow rows[] = {
        {"size", "1000", true, 1000},
        {"last", "5 LAST", true, 5, true},
        {"last in lower case", "5   last ", true, 5, true},
        {"empty last chunk", "0 LAST", true, 0, true},
        {"zero", "0", true, 0},
        {"the largest", "18446744073709551615", true, UINT64_MAX},
        {"overflow by one", "18446744073709551616", false},
        {"overflow, 20 digits", "99999999999999999999", false},
        {"21 digits", "000000000000000000001", false},
        {"empty", "", false},
        {"LAST alone", "LAST", false},
        {"negative", "-1", false},
        {"plus", "+1", false},
        {"hexadecimal", "0x10", false},
        {"fraction", "1.5", false},
        {"exponent", "1e3", false},
        {"last twice", "5 LAST LAST", false},
        {"glued", "5LAST", false},
        {"another word", "5 FIRST", false},
        {"two numbers", "5 6", false},
        {"digits of another script", "\xd9\xa1", false},
    };
    for (const auto& row : rows) {
        const auto result = parse_bdat(row.argument);
        ASSERT_EQ(result.has_value(), row.good) << row.name;
        if (!result) continue;
        EXPECT_EQ(result->size, row.size) << row.name;
        EXPECT_EQ(result->last, row.last) << row.name;
    }
}

TEST(SanitiseGreeting, Rows) {
    struct Row {
        const char* name;
        std::string argument;
        std::string expected;
    };

    const Row rows[] = {
        {"as it is", "[IPv6:fe80::1]", "[IPv6:fe80::1]"},
        {"empty", "", ""},
        {"UTF-8", "B\xc3\xbcro-PC", "B?ro-PC"},
        {"Latin-1", "B\xfcro-PC", "B?ro-PC"},
        {"header injection", "a\r\nX: b", "a??X:?b"},
        {"spaces", "a b\tc", "a?b?c"},
        {"NUL and DEL", std::string("a\0\x7f", 3), "a??"},
        {"clipped", std::string(1000, 'a'), std::string(255, 'a')},
    };
    for (const auto& row : rows)
        EXPECT_EQ(sanitise_greeting(row.argument), row.expected) << row.name;
}

}  // namespace
}  // namespace posthaste::smtp
