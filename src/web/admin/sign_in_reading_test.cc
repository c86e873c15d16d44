#include "web/admin/sign_in_reading.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace posthaste::web {
namespace {

using accounts::SignIn;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const discovery::ExplainNames kNames{.host = "mail.example.com", .admin = "admin@example.com"};

SignIn good() {
    SignIn s;
    s.account = s.login = "anna@example.com";
    s.known = true;
    s.client = *IpAddress::parse("203.0.113.7");
    s.port = 587;
    s.tls = SignIn::Tls::starttls;
    s.tls_version = "TLSv1.3";
    s.mechanism = "PLAIN";
    s.credential = "password";
    s.ehlo = "ANNAS-PC";
    return s;
}

TEST(SignInReading, WhatWentWellIsShortAndHasNothingToMend) {
    auto s = good();
    s.from = "sales@example.com";
    const auto reading = read_sign_in(s, kNames);
    EXPECT_EQ(reading.title, "Signed in with the password, sends as sales@example.com");
    EXPECT_THAT(reading.facts, HasSubstr("port 587 with STARTTLS (TLSv1.3)"));
    EXPECT_THAT(reading.facts, HasSubstr("ANNAS-PC"));
    EXPECT_THAT(reading.mend, IsEmpty());
}

TEST(SignInReading, WhatWorksHereAloneIsSaid) {
    auto s = good();
    s.login = "anna";
    s.normalised = "anna@example.com";
    s.tls = SignIn::Tls::implicit;
    s.usual_mode = false;
    s.credential = "phone";
    const auto reading = read_sign_in(s, kNames);
    EXPECT_EQ(reading.title, "Signed in with the app password \"phone\"");
    EXPECT_THAT(reading.mend, Contains(HasSubstr("SSL/TLS on port 587 works here")));
    EXPECT_THAT(reading.mend, Contains(HasSubstr("taken for anna@example.com")));
}

TEST(SignInReading, PortsAreThoseOfThisServer) {
    auto s = good();
    s.tls = SignIn::Tls::implicit;
    s.usual_mode = false;
    s.port = 28587;
    auto names = kNames;
    names.starttls_port = 28587;
    names.tls_port = 28465;
    EXPECT_THAT(read_sign_in(s, names).mend, Contains(HasSubstr("set STARTTLS, or port 28465.")));
    EXPECT_THAT(reasons_for_nothing(names),
                Contains(HasSubstr("sometimes 28587): try 28465 with SSL/TLS.")));
    s.port = names.starttls_port = 2525;
    names.tls_port = 0;
    EXPECT_THAT(read_sign_in(s, names).mend, Contains(HasSubstr("set STARTTLS.")));
    EXPECT_THAT(reasons_for_nothing(names), Contains(HasSubstr("here it is 2525, try")));
    for (const auto& reason : reasons_for_nothing(names))
        EXPECT_THAT(reason, Not(HasSubstr(" 0"))) << reason;
}

TEST(SignInReading, EveryRefusalHasACauseAndAMend) {
    for (const int number : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 20, 21, 33, 49, 64}) {
        auto s = good();
        s.outcome = fmt::format("R{}", number);
        const auto reading = read_sign_in(s, kNames);
        EXPECT_FALSE(reading.title.empty()) << s.outcome;
        EXPECT_FALSE(reading.cause.empty()) << s.outcome;
        EXPECT_FALSE(reading.mend.empty()) << s.outcome;
    }
    auto unknown = good();
    unknown.outcome = "R999";
    EXPECT_EQ(read_sign_in(unknown, kNames).title, "Refused");
}

TEST(SignInReading, DatesAndAddressesAreNamed) {
    auto s = good();
    s.outcome = "R6";
    s.changed = Timestamp(Milliseconds(1'763'900'000'000));
    EXPECT_THAT(read_sign_in(s, kNames).cause, HasSubstr("2025-11-23"));
    s = good();
    s.outcome = "R8";
    s.from = "bob@example.com";
    const auto reading = read_sign_in(s, kNames);
    EXPECT_THAT(reading.cause, HasSubstr("bob@example.com"));
    EXPECT_THAT(reading.mend,
                Contains("To allow it: posthaste account allow anna@example.com bob@example.com"));
}

TEST(SignInReading, NothingSeenHasReasons) {
    EXPECT_GE(reasons_for_nothing(kNames).size(), 4u);
    EXPECT_THAT(reasons_for_nothing({}), Contains(HasSubstr("this server")));
    // What was just done is not advised.
    EXPECT_THAT(reasons_for_nothing(kNames, true), Not(Contains(HasSubstr("why IP-ADDRESS"))));
}

}  // namespace
}  // namespace posthaste::web
