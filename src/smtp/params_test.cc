#include "smtp/params.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

using mail::Notify;

std::vector<Parameter> parameters_of(std::string_view text) {
    const auto parsed = parse_path_argument("X:<> " + std::string(text), "X:");
    EXPECT_TRUE(parsed) << text;
    return parsed ? parsed->parameters : std::vector<Parameter>{};
}

struct MailRow {
    const char* name;
    std::string text;
    MailParameters expected;
};

TEST(MailParameters, Rows) {
    using mail::BodyType;
    using mail::Ret;
    const std::string envid(100, 'a');
    const MailRow rows[] = {
        {"none", "", {}},
        {"SIZE", "SIZE=123", {.size = 123, .envid = {}}},
        {"SIZE zero", "SIZE=0", {.size = 0, .envid = {}}},
        {"SIZE, the largest", "SIZE=18446744073709551615", {.size = UINT64_MAX, .envid = {}}},
        {"SIZE beyond 64 bits is too large, not small",
         "SIZE=99999999999999999999",
         {.size = UINT64_MAX, .envid = {}}},
        {"7BIT", "BODY=7BIT", {}},
        {"8BITMIME", "BODY=8bitmime", {.size = {}, .body = BodyType::eight_bit, .envid = {}}},
        {"SMTPUTF8", "SMTPUTF8", {.size = {}, .smtputf8 = true, .envid = {}}},
        {"RET=FULL", "RET=FULL", {.size = {}, .ret = Ret::full, .envid = {}}},
        {"RET=HDRS", "RET=hdrs", {.size = {}, .ret = Ret::headers, .envid = {}}},
        {"ENVID stays xtext", "ENVID=QQ+2B1", {.size = {}, .envid = "QQ+2B1"}},
        {"ENVID with a space", "ENVID=a+20b", {.size = {}, .envid = "a+20b"}},
        {"ENVID of 100", "ENVID=" + envid, {.size = {}, .envid = envid}},
        {"AUTH is read and ignored", "AUTH=anna+2Bx@example.com", {}},
        {"AUTH=<>", "AUTH=<>", {}},
        {"Thunderbird",
         "BODY=8BITMIME SMTPUTF8 SIZE=9 RET=FULL ENVID=<x@y>",
         {.size = 9,
          .body = BodyType::eight_bit,
          .smtputf8 = true,
          .ret = Ret::full,
          .envid = "<x@y>"}},
    };
    for (const auto& row : rows) {
        const auto got = parse_mail_parameters(parameters_of(row.text));
        ASSERT_TRUE(got) << row.name << ": " << got.error().text;
        EXPECT_EQ(got->size, row.expected.size) << row.name;
        EXPECT_EQ(got->body, row.expected.body) << row.name;
        EXPECT_EQ(got->smtputf8, row.expected.smtputf8) << row.name;
        EXPECT_EQ(got->ret, row.expected.ret) << row.name;
        EXPECT_EQ(got->envid, row.expected.envid) << row.name;
    }
}

TEST(MailParameters, OfTheSchedule) {
    using mail::ByMode;
    const auto read = [](std::string_view text) {
        const auto got = parse_mail_parameters(parameters_of(text));
        EXPECT_TRUE(got) << text << ": " << got.error().text;
        return got.value_or(MailParameters{});
    };
    EXPECT_EQ(read("HOLDFOR=3600").hold_for, Seconds(3600));
    EXPECT_EQ(format_iso8601(*read("holduntil=2030-01-31T08:00:00Z").hold_until),
              "2030-01-31T08:00:00.000Z");

    struct Row {
        const char* text;
        std::int64_t within;
        ByMode mode;
        bool trace;
    };

    for (const Row& row :
         {Row{"BY=120;R", 120, ByMode::give_back, false},
          Row{"BY=120;rt", 120, ByMode::give_back, true},
          Row{"BY=+999999999;N", 999'999'999, ByMode::notify, false},
          Row{"BY=0;n", 0, ByMode::notify, false}, Row{"BY=-60;NT", -60, ByMode::notify, true}}) {
        const auto by = read(row.text).by;
        EXPECT_EQ(by.within, Seconds(row.within)) << row.text;
        EXPECT_EQ(by.mode, row.mode) << row.text;
        EXPECT_EQ(by.trace, row.trace) << row.text;
    }
    EXPECT_EQ(read("MT-PRIORITY=-9").priority, -9);
    EXPECT_EQ(read("MT-PRIORITY=0").priority, 0);
    EXPECT_EQ(read("MT-PRIORITY=9").priority, 9);
    EXPECT_FALSE(read("SIZE=1").priority);
}

struct RefusedRow {
    const char* name;
    std::string text;
    ErrorKind kind = ErrorKind::syntax;
};

TEST(MailParameters, Refused) {
    const RefusedRow rows[] = {
        {"SIZE without value", "SIZE"},
        {"SIZE negative", "SIZE=-1"},
        {"SIZE with a letter", "SIZE=1k"},
        {"SIZE of 21 digits", "SIZE=000000000000000000001"},
        {"BODY without value", "BODY"},
        {"BINARYMIME is not built", "BODY=BINARYMIME"},
        {"BODY unknown", "BODY=8BIT"},
        {"SMTPUTF8 with value", "SMTPUTF8=1"},
        {"REQUIRETLS with value", "REQUIRETLS=1"},
        {"RET without value", "RET"},
        {"RET unknown", "RET=BODY"},
        {"ENVID without value", "ENVID"},
        {"ENVID of 101", "ENVID=" + std::string(101, 'a')},
        {"ENVID no xtext", "ENVID=a+2"},
        {"ENVID lower-case hex", "ENVID=a+2b"},
        {"ENVID with line ends within (threats.md P8)", "ENVID=a+0D+0AX:"},
        {"ENVID with NUL within", "ENVID=a+00"},
        {"ENVID beyond ASCII", "ENVID=a+C3+BC"},
        {"ENVID with raw UTF-8", "ENVID=\xc3\xbc"},
        {"AUTH without value", "AUTH"},
        {"SIZE twice", "SIZE=1 SIZE=1"},
        {"twice in another case", "size=1 BODY=7BIT SIZE=2"},
        {"unknown twice", "FOO FOO"},
        {"unknown", "FOO=1", ErrorKind::unsupported},
        {"HOLDFOR without value", "HOLDFOR"},
        {"HOLDFOR of nothing", "HOLDFOR=0"},
        {"HOLDFOR negative", "HOLDFOR=-1"},
        {"HOLDFOR of 10 digits", "HOLDFOR=1000000000"},
        {"HOLDUNTIL no moment", "HOLDUNTIL=tomorrow"},
        {"HOLDUNTIL and HOLDFOR", "HOLDUNTIL=2030-01-31T08:00:00Z HOLDFOR=60"},
        {"HOLDFOR and HOLDUNTIL", "HOLDFOR=60 HOLDUNTIL=2030-01-31T08:00:00Z"},
        {"BY without mode", "BY=60"},
        {"BY with an unknown mode", "BY=60;X"},
        {"BY with an empty mode", "BY=60;"},
        {"BY with more than a trace", "BY=60;NTT"},
        {"BY with another letter", "BY=60;NX"},
        {"BY without time", "BY=;N"},
        {"BY of 10 digits", "BY=1000000000;N"},
        {"BY that comes back at once", "BY=0;R"},
        {"BY that came back before", "BY=-5;R"},
        {"MT-PRIORITY without value", "MT-PRIORITY"},
        {"MT-PRIORITY of two digits", "MT-PRIORITY=10"},
        {"MT-PRIORITY with a plus", "MT-PRIORITY=+1"},
        {"MT-PRIORITY, minus nothing", "MT-PRIORITY=-0"},
        {"a parameter of RCPT", "NOTIFY=NEVER", ErrorKind::unsupported},
        {"long unknown keyword", std::string(64, 'X'), ErrorKind::unsupported},
    };
    for (const auto& row : rows) {
        const auto got = parse_mail_parameters(parameters_of(row.text));
        ASSERT_FALSE(got) << row.name;
        EXPECT_EQ(got.error().kind, row.kind) << row.name;
        EXPECT_FALSE(got.error().mend.empty()) << row.name;
        EXPECT_LT(got.error().text.size(), 120u) << row.name;
    }
}

TEST(RcptParameters, Notify) {
    struct Row {
        const char* text;
        Notify expected;
    };

    const Row rows[] = {
        {"", Notify::unset},
        {"NOTIFY=NEVER", Notify::never},
        {"notify=never", Notify::never},
        {"NOTIFY=SUCCESS", Notify::success},
        {"NOTIFY=FAILURE,DELAY", Notify::failure | Notify::delay},
        {"NOTIFY=delay,success,FAILURE", Notify::success | Notify::failure | Notify::delay},
        {"NOTIFY=DELAY,DELAY", Notify::delay},
    };
    for (const auto& row : rows) {
        const auto got = parse_rcpt_parameters(parameters_of(row.text));
        ASSERT_TRUE(got) << row.text;
        EXPECT_EQ(got->notify, row.expected) << row.text;
    }
    for (const char* text :
         {"NOTIFY", "NOTIFY=NEVER,DELAY", "NOTIFY=DELAY,NEVER", "NOTIFY=NEVER,SUCCESS,NEVER",
          "NOTIFY=,", "NOTIFY=DELAY,", "NOTIFY=,DELAY", "NOTIFY=ALWAYS",
          "NOTIFY=DELAY NOTIFY=DELAY", "NOTIFY=DELAY;SUCCESS"}) {
        const auto got = parse_rcpt_parameters(parameters_of(text));
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().kind, ErrorKind::syntax) << text;
    }
    EXPECT_EQ(parse_rcpt_parameters(parameters_of("SIZE=1")).error().kind, ErrorKind::unsupported);
}

TEST(RcptParameters, Orcpt) {
    const std::string longest = "rfc822;" + std::string(493, 'a');
    for (const std::string& value : {
             std::string("rfc822;Bob+2Bx@example.org"),
             std::string("RFC822;bob@example.org"),
             std::string("rfc822;a+20b@example.org"),
             std::string("rfc822;a;b@example.org"),
             std::string("unknown;foo"),
             std::string("X400;+2Fc+3Dus+2F"),
             std::string("x-abc;foo"),
             std::string("fax;+2B49123"),
             std::string("utf-8;j\xc3\xbcrgen@example.org"),
             std::string("UTF-8;j\\x{FC}rgen@example.org"),
             std::string("utf-8;j\\x{1F600}@example.org"),
             std::string("utf-8;a+2Bb@example.org"),
             longest,
         }) {
        const auto got = parse_rcpt_parameters(parameters_of("ORCPT=" + value));
        ASSERT_TRUE(got) << value;
        EXPECT_EQ(got->orcpt, value);
    }
    for (const std::string& value : {
             std::string("bob@example.org"),
             std::string(";bob@example.org"),
             std::string("rfc822;"),
             std::string("rfc822"),
             std::string("x400;"),
             std::string("x400;a+0Db"),
             std::string("x@y;bob"),
             std::string("\xc3\xbc;bob"),
             std::string("rfc822;a+0Db"),
             std::string("rfc822;a+0Ab"),
             std::string("rfc822;a+00b"),
             std::string("rfc822;a+C3+BC@b"),
             std::string("rfc822;\xc3\xbc@b"),
             std::string("rfc822;a+"),
             std::string("rfc822;a+4"),
             std::string("rfc822;a+4g"),
             std::string("utf-8;"),
             std::string("utf-8;a+0D"),
             std::string("utf-8;a\\b"),
             std::string("utf-8;\\x{}"),
             std::string("utf-8;\\x{A}"),
             std::string("utf-8;\\x{0A}"),
             std::string("utf-8;\\x{7F}"),
             std::string("utf-8;\\x{85}"),
             std::string("utf-8;\\x{D800}"),
             std::string("utf-8;\\x{110000}"),
             std::string("utf-8;\\x{0000FC0}"),
             std::string("utf-8;\\x{FC"),
             std::string("utf-8;\\x{GG}"),
             longest + "a",
         }) {
        const auto got = parse_rcpt_parameters(parameters_of("ORCPT=" + value));
        ASSERT_FALSE(got) << value;
        EXPECT_EQ(got.error().kind, ErrorKind::syntax) << value;
    }
}

TEST(Xtext, RoundTripOfEveryOctet) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    const std::string encoded = xtext_encode(all);
    for (const char c : encoded) {
        EXPECT_TRUE(c > ' ' && c < 0x7f && c != '=');
    }
    EXPECT_EQ(xtext_decode(encoded), all);
    EXPECT_EQ(xtext_encode("a+b=c d"), "a+2Bb+3Dc+20d");
    EXPECT_EQ(xtext_decode(""), "");
    for (const char* bad :
         {"+", "+4", "a+4", "+4g", "+g4", "+2b", "=", "a b", "a\tb", "\x7f", "\xc3\xbc"}) {
        EXPECT_EQ(xtext_decode(bad), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace posthaste::smtp
