#include "net/detail/dns_answer.h"

#include "net/detail/host_name.h"
#include "net/detail/system_addresses.h"
#include "net/detail/validation.h"

#include <gtest/gtest.h>

namespace posthaste::net::detail {
namespace {

using namespace std::chrono_literals;

TEST(HostName, WhatMayBeAsked) {
    const std::pair<std::string, bool> rows[] = {
        {"mail.example.com", true},
        {"a", true},
        {"xn--bcher-kva.example", true},
        {"_dmarc.example.com", true},
        {"1.example", true},
        {std::string(63, 'a') + ".b", true},
        {"", false},
        {".", false},
        {"a..b", false},
        {"a.", false},
        {".a", false},
        {"-a.b", false},
        {"a-.b", false},
        {"a b.c", false},
        {"a\\046b.c", false},
        {"192.0.2.1", false},
        {"b\xc3\xbc.example", false},
        {std::string("a\0b", 3), false},
        {std::string(64, 'a') + ".b", false},
        {std::string(260, 'a'), false},
    };
    for (const auto& [name, good] : rows) EXPECT_EQ(is_host_name(name), good) << name;
}

std::string wire(std::uint16_t preference, std::initializer_list<std::string_view> labels) {
    std::string octets{static_cast<char>(preference >> 8), static_cast<char>(preference & 0xff)};
    for (auto label : labels) octets += static_cast<char>(label.size()) + std::string(label);
    return octets + '\0';
}

TEST(MxData, Parses) {
    auto data = parse_mx_data(wire(300, {"Mail", "EXAMPLE", "com"}));
    ASSERT_TRUE(data);
    EXPECT_EQ(data->preference, 300U);
    EXPECT_EQ(data->host, "mail.example.com");
    EXPECT_EQ(parse_mx_data(wire(0, {}))->host, "");
}

TEST(MxData, RefusesWhatIsMalformed) {
    const std::string whole = wire(10, {"mail", "example"});
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
        EXPECT_FALSE(parse_mx_data(whole.substr(0, cut))) << cut;
    EXPECT_FALSE(parse_mx_data(whole + "x"));
    EXPECT_FALSE(parse_mx_data(std::string("\0\x0a\xc0\x0c", 4)));  // a compression pointer
    EXPECT_FALSE(parse_mx_data(wire(10, {"a.b", "c"})));            // a dot within a label
    EXPECT_FALSE(parse_mx_data(std::string(300, '\1')));
}

RawAnswer good(std::vector<std::string> data, int ttl = 300) {
    return {.rcode = 0,
            .secure = false,
            .bogus = false,
            .why_bogus = {},
            .ttl = ttl,
            .data = std::move(data)};
}

TEST(DnsAnswer, MxRecordsAreSortedAndWhatIsNoHostIsLeftOut) {
    auto answer = interpret(DnsType::mx, "example.com",
                            good({wire(20, {"b", "example"}), wire(10, {"bad host"}), "x",
                                  wire(10, {"192", "0", "2", "1"}), wire(10, {"a", "example"})}));
    ASSERT_EQ(answer.status, DnsStatus::ok);
    ASSERT_EQ(answer.mx.size(), 2U);
    EXPECT_EQ(answer.mx[0].host, "a.example");
    EXPECT_EQ(answer.mx[1].preference, 20);
}

TEST(DnsAnswer, ANullMxIsAnAnswer) {
    auto answer = interpret(DnsType::mx, "example.com", good({wire(0, {})}));
    ASSERT_EQ(answer.status, DnsStatus::ok);
    EXPECT_EQ(answer.mx.front().host, "");
}

TEST(DnsAnswer, OnlyUselessRecordsAreAFailureNotAnAbsence) {
    auto answer = interpret(DnsType::mx, "example.com", good({wire(10, {"192", "0", "2", "1"})}));
    EXPECT_EQ(answer.status, DnsStatus::failed);
    EXPECT_EQ(answer.why, "the MX records of example.com name no host");
    EXPECT_EQ(interpret(DnsType::a, "h.example", good({"abc"})).status, DnsStatus::failed);
}

TEST(DnsAnswer, ListsAreCut) {
    std::vector<std::string> many(5000, std::string("\x7f\0\0\1", 4));
    EXPECT_EQ(interpret(DnsType::a, "h.example", good(many)).addresses.size(), 100U);
    std::vector<std::string> mx;
    mx.reserve(500);
    for (int i = 0; i < 500; ++i)
        mx.push_back(
            wire(static_cast<std::uint16_t>(500 - i), {"m" + std::to_string(i), "example"}));
    auto answer = interpret(DnsType::mx, "example.com", good(mx));
    ASSERT_EQ(answer.mx.size(), 100U);
    EXPECT_EQ(answer.mx.front().preference, 1);  // the best are kept
}

TEST(DnsAnswer, Statuses) {
    RawAnswer raw = good({});
    EXPECT_EQ(interpret(DnsType::a, "h.example", raw).status, DnsStatus::no_data);
    raw.rcode = 3;
    EXPECT_EQ(interpret(DnsType::a, "h.example", raw).status, DnsStatus::no_name);
    raw.rcode = 2;
    EXPECT_EQ(interpret(DnsType::a, "h.example", raw).status, DnsStatus::failed);
    raw = good({std::string("\x7f\0\0\1", 4)});
    raw.bogus = true;
    raw.why_bogus = "signature expired";
    auto bogus = interpret(DnsType::a, "h.example", raw);
    EXPECT_EQ(bogus.status, DnsStatus::failed);
    EXPECT_NE(bogus.why.find("signature expired"), std::string::npos);
    EXPECT_EQ(interpret(DnsType::a, "h.example", RawAnswer{}).status, DnsStatus::failed);
}

TEST(TxtData, JoinsTheCharacterStrings) {
    const std::pair<std::string, std::optional<std::string>> rows[] = {
        {std::string("\3abc", 4), "abc"},
        {std::string("\1a\0\2bc", 6), "abc"},
        {std::string("\0", 1), ""},
        {"", std::nullopt},
        {std::string("\4abc", 4), std::nullopt},
        {std::string("\1a\5", 3), std::nullopt},
    };
    for (const auto& [octets, text] : rows) EXPECT_EQ(parse_txt_data(octets), text) << octets;
}

TEST(DnsAnswer, TextsAreBounded) {
    auto answer = interpret(DnsType::txt, "a.example", good({"\1a", "\5b", "\1c"}));
    ASSERT_EQ(answer.status, DnsStatus::ok);
    EXPECT_EQ(answer.texts, (std::vector<std::string>{"a", "c"}));
    EXPECT_EQ(interpret(DnsType::txt, "a.example", good({"\5b"})).status, DnsStatus::failed);
    EXPECT_EQ(interpret(DnsType::txt, "a.example", good({})).status, DnsStatus::no_data);
    // Neither is cut: half of a list could be taken for all of it.
    answer = interpret(DnsType::txt, "a.example", good(std::vector<std::string>(21, "\1a")));
    EXPECT_EQ(answer.status, DnsStatus::failed);
    EXPECT_TRUE(answer.texts.empty());
    std::string large;
    for (int i = 0; i < 40; ++i) large += "\xff" + std::string(255, 'x');
    EXPECT_EQ(interpret(DnsType::txt, "a.example", good({large})).status, DnsStatus::failed);
}

TEST(DnsAnswer, TimesToKeep) {
    DnsAnswer answer;
    answer.status = DnsStatus::ok;
    EXPECT_EQ(time_to_keep(answer, 0), 30s);
    EXPECT_EQ(time_to_keep(answer, -5), 30s);
    EXPECT_EQ(time_to_keep(answer, 300), 300s);
    EXPECT_EQ(time_to_keep(answer, 1 << 30), 6h);
    answer.status = DnsStatus::no_name;
    EXPECT_EQ(time_to_keep(answer, 1 << 30), 15min);
    answer.status = DnsStatus::failed;
    EXPECT_EQ(time_to_keep(answer, 1 << 30), 5s);
}

TEST(Hosts, FindsEveryAddressOfAName) {
    constexpr std::string_view file =
        "# comment\n127.0.0.1 localhost\n\n192.0.2.1\tRelay.example relay # relay3\n2001:db8::1 "
        "relay\n192.0.2.1 relay\n"
        "bad relay\n192.0.2.9";
    auto found = find_in_hosts(file, "relay");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].to_string(), "192.0.2.1");
    EXPECT_EQ(found[1].to_string(), "2001:db8::1");
    EXPECT_EQ(find_in_hosts(file, "relay.EXAMPLE").size(), 1U);
    EXPECT_TRUE(find_in_hosts(file, "relay3").empty());
    EXPECT_TRUE(find_in_hosts("", "x").empty());
}

TEST(Validation, WorksOnlyAfterATestThatPassed) {
    Log log{{.format = LogFormat::logfmt, .level = LogLevel::error, .fd = 2}};
    Validation validation(log);
    EXPECT_FALSE(validation.works());
    EXPECT_LE(validation.next_test(), std::chrono::steady_clock::now());
    RawAnswer answer = good({"soa"});
    EXPECT_FALSE(validation.tested(answer));  // stripped: nothing changes
    EXPECT_FALSE(validation.works());
    EXPECT_GT(validation.next_test(), std::chrono::steady_clock::now() + 20s);
    answer.secure = true;
    EXPECT_TRUE(validation.tested(answer));
    EXPECT_TRUE(validation.works());
    EXPECT_GT(validation.next_test(), std::chrono::steady_clock::now() + 9min);
    validation.doubt();  // tested a moment ago
    EXPECT_GT(validation.next_test(), std::chrono::steady_clock::now() + 9min);
    answer.secure = false;
    answer.bogus = true;
    validation.other_servers();
    EXPECT_TRUE(validation.tested(answer));
    EXPECT_FALSE(validation.works());
    EXPECT_NE(validation.state().why_not.find("does not verify"), std::string::npos);
}

TEST(Validation, IsNotSwitchedOffByWhoeverChangesAnAnswer) {
    Log log{{.format = LogFormat::logfmt, .level = LogLevel::error, .fd = 2}};
    Validation validation(log);
    const SteadyTime start = std::chrono::steady_clock::now();
    RawAnswer answer = good({"soa"});
    answer.secure = true;
    validation.tested(answer, start);
    answer.secure = false;
    EXPECT_FALSE(validation.tested(answer, start + 1h));
    EXPECT_FALSE(validation.tested(answer, start + 3h + 59min));
    EXPECT_TRUE(validation.works());
    answer.secure = true;
    EXPECT_FALSE(validation.tested(answer, start + 4h)) << "it had worked all the time";
    answer.secure = false;
    EXPECT_FALSE(validation.tested(answer, start + 5h));
    EXPECT_TRUE(validation.tested(answer, start + 8h))
        << "this is no attack, these are its servers";
    EXPECT_FALSE(validation.works());
    EXPECT_FALSE(validation.tested(answer, start + 9h));
    EXPECT_FALSE(validation.works()) << "and stays off until a test passes";
}

TEST(Validation, TheFirstQuestionsWaitForTheFirstTest) {
    Log log{{.format = LogFormat::logfmt, .level = LogLevel::error, .fd = 2}};
    Validation validation(log);
    EXPECT_TRUE(validation.first_test());
    EXPECT_EQ(validation.state().why_not, "");
    validation.tested(good({"soa"}));
    EXPECT_FALSE(validation.first_test());
    Validation without(log);
    without.give_up_waiting();
    EXPECT_FALSE(without.first_test());
    EXPECT_NE(without.state().why_not, "");
}

TEST(Validation, TheSignedNameIsTheAnchors) {
    EXPECT_EQ(anchor_owner("; key\n\n  example.test.\tIN DS 1 13 2 ab\n"), "example.test.");
    EXPECT_EQ(anchor_owner(". IN DNSKEY 257 3 8 AwEA\n"), ".");
    EXPECT_EQ(anchor_owner(""), ".");
}

}  // namespace
}  // namespace posthaste::net::detail
