#include "smtp/extensions.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

using Lines = std::vector<std::string>;

TEST(MakeEhloReply, BeforeTls) {
    const auto reply = make_ehlo_reply({"smtp.example.com", 52'428'800, true, false, 1000});
    EXPECT_EQ(reply.code, 250);
    EXPECT_FALSE(reply.status);
    EXPECT_EQ(reply.lines,
              (Lines{"smtp.example.com", "SIZE 52428800", "STARTTLS", "8BITMIME", "SMTPUTF8", "DSN",
                     "PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING"}));
}

TEST(EhloReply, AuthWithAnEqualsSignIsALineOfItsOwn) {
    const auto reply = make_ehlo_reply(
        {.hostname = "smtp.example.com", .max_size = 100, .auth = true, .auth_equals = true});
    EXPECT_NE(reply.to_wire().find("250-AUTH PLAIN LOGIN\r\n250-AUTH=PLAIN LOGIN\r\n"),
              std::string::npos);
    const auto without = make_ehlo_reply({.hostname = "smtp.example.com", .auth_equals = true});
    EXPECT_EQ(without.to_wire().find("AUTH"), std::string::npos);
}

TEST(MakeEhloReply, AfterTls) {
    const auto reply = make_ehlo_reply({"smtp.example.com", 100, false, true, 1000});
    EXPECT_EQ(reply.lines, (Lines{"smtp.example.com", "SIZE 100", "AUTH PLAIN LOGIN", "8BITMIME",
                                  "SMTPUTF8", "DSN", "PIPELINING", "ENHANCEDSTATUSCODES",
                                  "CHUNKING", "LIMITS RCPTMAX=1000"}));
}

TEST(MakeEhloReply, WhatIsOfferedOfTheSchedule) {
    Offer offer{.hostname = "smtp.example.com",
                .max_hold = Seconds(86400),
                .now = Timestamp(Seconds(1'900'000'000)),
                .schedules = true};
    const Lines lines = make_ehlo_reply(offer).lines;
    EXPECT_EQ(lines[lines.size() - 3], "FUTURERELEASE 86400 2030-03-18T17:46:40Z");
    EXPECT_EQ(lines[lines.size() - 2], "DELIVERBY");
    EXPECT_EQ(lines.back(), "MT-PRIORITY");
    offer.starttls = true;
    EXPECT_EQ(make_ehlo_reply(offer).lines.back(), "CHUNKING");
}

TEST(ParseEhloReply, TimeAndPriority) {
    const auto read = [](std::string line) {
        return parse_ehlo_reply(
            {.code = 250, .status = {}, .lines = {"mx.example.net", std::move(line)}});
    };
    EXPECT_TRUE(read("DELIVERBY").deliver_by);
    EXPECT_EQ(read("DELIVERBY").least_by, Seconds(0));
    EXPECT_EQ(read("deliverby 240").least_by, Seconds(240));
    EXPECT_TRUE(read("DELIVERBY soon").deliver_by);
    EXPECT_EQ(read("DELIVERBY 99999999999999999999").least_by, Seconds(0));
    EXPECT_TRUE(read("MT-PRIORITY MIXER").mt_priority);
    EXPECT_FALSE(read("SIZE").deliver_by || read("SIZE").mt_priority);
}

TEST(MakeEhloReply, Trap) {
    const auto reply = make_ehlo_reply({"localhost", 0, false, false, 0});
    EXPECT_EQ(reply.lines, (Lines{"localhost", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING",
                                  "ENHANCEDSTATUSCODES", "CHUNKING"}));
}

TEST(MakeEhloReply, IsReadBackByTheClientSide) {
    const auto read =
        parse_ehlo_reply(make_ehlo_reply({"smtp.example.com", 100, false, true, 1000}));
    EXPECT_EQ(read.greeting_name, "smtp.example.com");
    EXPECT_TRUE(read.pipelining && read.eight_bit_mime && read.smtputf8 && read.dsn &&
                read.enhanced_status && read.chunking && read.size);
    EXPECT_FALSE(read.starttls);
    EXPECT_EQ(read.max_size, 100u);
    EXPECT_EQ(read.auth, (std::set<std::string>{"LOGIN", "PLAIN"}));
    EXPECT_EQ(read.max_recipients, 1000u);
    EXPECT_FALSE(read.max_mails);
}

Extensions read(Lines lines, int code = 250) {
    lines.insert(lines.begin(), "mx.example.net at your service");
    return parse_ehlo_reply({code, {}, std::move(lines)});
}

TEST(ParseEhloReply, Keywords) {
    EXPECT_TRUE(read({"starttls"}).starttls);
    EXPECT_TRUE(read({"  STARTTLS  "}).starttls);
    EXPECT_TRUE(read({"STARTTLS REQUIRED"}).starttls);
    EXPECT_FALSE(read({"XSTARTTLS"}).starttls);
    EXPECT_FALSE(read({"STARTTLS\x01"}).starttls);
    EXPECT_FALSE(read({"OK STARTTLS"}).starttls);
    EXPECT_TRUE(read({"SMTPUTF8"}).eight_bit_mime) << "delivery.md 1.5 e";
    EXPECT_FALSE(read({"8BITMIME"}).smtputf8);
    EXPECT_TRUE(read({"PIPELINING", "DSN", "CHUNKING", "ENHANCEDSTATUSCODES"}).dsn);
    EXPECT_EQ(read({}).greeting_name, "mx.example.net");
}

TEST(ParseEhloReply, TheFirstLineIsNoKeyword) {
    EXPECT_FALSE(parse_ehlo_reply({250, {}, {"STARTTLS"}}).starttls);
    EXPECT_EQ(parse_ehlo_reply({250, {}, {"STARTTLS"}}).greeting_name, "STARTTLS");
    EXPECT_EQ(parse_ehlo_reply({250, {}, {""}}).greeting_name, "");
    EXPECT_EQ(parse_ehlo_reply({250, {}, {}}).greeting_name, "");
    EXPECT_EQ(parse_ehlo_reply({250, {}, {"\x01" + std::string(2000, 'x')}}).greeting_name.size(),
              255u);
}

TEST(ParseEhloReply, ARefusalOffersNothing) {
    EXPECT_FALSE(read({"STARTTLS"}, 550).starttls);
    EXPECT_FALSE(read({"STARTTLS"}, 421).starttls);
}

TEST(ParseEhloReply, Size) {
    struct Row {
        const char* line;
        std::uint64_t max;
    };

    const Row rows[] = {
        {"SIZE", 0},
        {"SIZE 0", 0},
        {"size 1000", 1000},
        {"SIZE  7 ", 7},
        {"SIZE x", 0},
        {"SIZE -1", 0},
        {"SIZE 1000 2", 1000},
        {"SIZE 99999999999999999999", 0},
        {"SIZE 18446744073709551615", UINT64_MAX},
    };
    for (const auto& row : rows) {
        const auto got = read({row.line});
        EXPECT_TRUE(got.size) << row.line;
        EXPECT_EQ(got.max_size, row.max) << row.line;
    }
    EXPECT_FALSE(read({}).size);
}

TEST(ParseEhloReply, Auth) {
    using Set = std::set<std::string>;
    EXPECT_EQ(read({"AUTH PLAIN login\tXOAUTH2"}).auth, (Set{"LOGIN", "PLAIN", "XOAUTH2"}));
    EXPECT_EQ(read({"AUTH=PLAIN LOGIN"}).auth, (Set{"LOGIN", "PLAIN"}));
    EXPECT_EQ(read({"auth=LOGIN", "AUTH PLAIN"}).auth, (Set{"LOGIN", "PLAIN"}));
    EXPECT_EQ(read({"AUTH"}).auth, Set{});
    EXPECT_EQ(read({"AUTH="}).auth, Set{});
    EXPECT_EQ(read({"AUTH PL\x01IN \xff " + std::string(21, 'A') + " LOGIN"}).auth, Set{"LOGIN"});
    std::string many = "AUTH";
    for (int i = 0; i < 500; ++i) many += " M" + std::to_string(i);
    EXPECT_EQ(read({many, many}).auth.size(), 32u);
}

TEST(ParseEhloReply, Limits) {
    const auto good = read({"LIMITS MAILMAX=20 RCPTMAX=100 RCPTDOMAINMAX=1 foo"});
    EXPECT_EQ(good.max_mails, 20u);
    EXPECT_EQ(good.max_recipients, 100u);
    EXPECT_EQ(read({"limits rcptmax=999999"}).max_recipients, 999'999u);
    for (const char* bad :
         {"LIMITS", "LIMITS RCPTMAX", "LIMITS RCPTMAX=", "LIMITS RCPTMAX=0", "LIMITS RCPTMAX=01",
          "LIMITS RCPTMAX=1000000", "LIMITS RCPTMAX=-1", "LIMITS RCPTMAX=1x", "LIMITS RCPTMAX =5",
          "LIMITS RCPTMAX=99999999999999999999999"}) {
        EXPECT_FALSE(read({bad}).max_recipients) << bad;
    }
}

// RFC 8689 §2: within TLS, and nowhere else.
TEST(RequireTls, InBothDirections) {
    const auto offers = [](const Offer& offer) {
        const auto lines = make_ehlo_reply(offer).lines;
        return std::ranges::count(lines, "REQUIRETLS") > 0;
    };
    EXPECT_TRUE(offers({.hostname = "mail.example", .requiretls = true}));
    EXPECT_FALSE(offers({.hostname = "mail.example", .starttls = true, .requiretls = true}));
    EXPECT_FALSE(offers({.hostname = "mail.example"}));
    EXPECT_TRUE(read({"requiretls"}).requiretls);
    EXPECT_FALSE(read({"STARTTLS"}).requiretls);
}

}  // namespace
}  // namespace posthaste::smtp
