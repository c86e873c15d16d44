// What the sign-in log hears of a session.
#include "submission/testing.h"

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

using accounts::SignIn;
using testing::Client;
using testing::Rig;

// AUTH PLAIN of a user and a password.
constexpr const char* kWrong = "AUTH PLAIN AGFubmFAZXhhbXBsZS5jb20Ad3Jvbmc=";  // anna, "wrong"
constexpr const char* kFullName = "AUTH PLAIN AEFubmEgTXVzdGVyAHdyb25n";       // Anna Muster

TEST(SessionSignIns, ALoginIsRememberedWithHowItWasMade) {
    Rig rig;
    Client client(rig);
    client.log_in();
    client.say("MAIL FROM:<sales@example.com>");
    client.say("RSET");
    client.say("MAIL FROM:<anna@example.com>");
    const auto seen = rig.sign_ins.of("anna@example.com");
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].outcome, "");
    EXPECT_TRUE(seen[0].known);
    EXPECT_EQ(seen[0].login, "anna@example.com");
    EXPECT_EQ(seen[0].normalised, "");
    EXPECT_EQ(seen[0].tls, SignIn::Tls::starttls);
    EXPECT_EQ(seen[0].tls_version, "TLSv1.3");
    EXPECT_TRUE(seen[0].usual_mode);
    EXPECT_EQ(seen[0].ehlo, "test");
    EXPECT_EQ(seen[0].mechanism, "PLAIN");
    EXPECT_EQ(seen[0].credential, "password");
    EXPECT_EQ(seen[0].from, "sales@example.com");  // the first of the session
}

TEST(SessionSignIns, RefusedLoginsAreRememberedUnderTheirName) {
    Rig rig;
    Client client(rig);
    client.start();
    client.say(kWrong);
    const auto seen = rig.sign_ins.of("anna@example.com");
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].outcome, "R3");
    EXPECT_TRUE(seen[0].known);
    client.say(kFullName);
    const auto named = rig.sign_ins.of("Anna Muster");
    ASSERT_EQ(named.size(), 1u);
    EXPECT_EQ(named[0].outcome, "R5");
}

TEST(SessionSignIns, ARefusedSenderIsRememberedWithTheAddress) {
    Rig rig;
    Client client(rig);
    client.log_in();
    client.say("MAIL FROM:<bob@example.com>");
    const auto seen = rig.sign_ins.of("anna@example.com");
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].outcome, "R8");
    EXPECT_EQ(seen[0].from, "bob@example.com");
    client.say("MAIL FROM:<anna@example.com>");
    client.say("RCPT TO:<carol@example.net>");
    client.say("DATA");
    client.send("From: eve@example.com\r\n\r\nHello\r\n.\r\n");
    client.reply();
    const auto author = rig.sign_ins.of("anna@example.com");
    ASSERT_EQ(author.size(), 3u);
    EXPECT_EQ(author[0].outcome, "R8");
    EXPECT_EQ(author[0].from, "eve@example.com");
}

TEST(SessionSignIns, WhoNeverLogsInIsRememberedByNetwork) {
    Rig rig;
    Client client(rig);
    client.reply();
    client.say("EHLO ANNAS-PC");
    client.say("MAIL FROM:<anna@example.com>");
    client.say("STARTTLS");
    client.say("EHLO ANNAS-PC");
    client.say("MAIL FROM:<anna@example.com>");
    client.say("AUTH NTLM");
    client.say("USER anna");
    std::vector<std::string> outcomes;
    for (const auto& seen : rig.sign_ins.of_network(client.stream().peer().address))
        outcomes.push_back(seen.outcome);
    EXPECT_EQ(outcomes, (std::vector<std::string>{"R11", "R7", "R2", "R1"}));
}

TEST(SessionSignIns, AnOpenPortTellsNothing) {
    Rig rig;
    Client client(rig, {.habit = net::PortHabit::starttls, .open = true, .account = "trap"});
    client.reply();
    client.say("EHLO test");
    client.say("AUTH PLAIN AGFubmFAZXhhbXBsZS5jb20Ad3Jvbmc=");
    client.say("USER anna");
    EXPECT_TRUE(rig.sign_ins.of_network(client.stream().peer().address).empty());
}

}  // namespace
}  // namespace posthaste::submission
