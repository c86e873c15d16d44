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

TEST(SessionBans, ABannedNetworkIsToldInPlaceOfTheBanner) {
    Rig rig;
    rig.backend.ban = accounts::LoginGuard::Ban{Seconds(600), "anna@example.com"};
    Client client(rig);
    const auto banner = client.reply();
    EXPECT_TRUE(banner.starts_with("421 4.7.0 Too many failed logins from your network")) << banner;
    EXPECT_NE(banner.find("a***@example.com"), std::string::npos) << banner;
    EXPECT_EQ(banner.find("anna@"), std::string::npos) << banner;
    EXPECT_EQ(client.hear(), "");
}

TEST(SessionBans, ABanEndsTheNextLoginOfASessionToo) {
    Rig rig;
    Client client(rig);
    client.start();
    rig.backend.ban = accounts::LoginGuard::Ban{Seconds(600), "anna@example.com"};
    EXPECT_TRUE(client.say(kWrong).starts_with("421 4.7.0 Too many failed logins from your"));
    EXPECT_EQ(rig.backend.logins, 0);
}

runtime::Task<void> until_no_session(Rig& rig) {
    while (!rig.running.empty()) {
        auto slept = co_await runtime::sleep_for(Milliseconds(1));
        if (!slept) co_return;
    }
}

std::string send_letter(Client& client) {
    client.say("MAIL FROM:<anna@example.com>");
    client.say("RCPT TO:<bob@example.net>");
    client.say("DATA");
    client.send("From: anna@example.com\r\nMessage-ID: <1@client.example>\r\n\r\nHello\r\n.\r\n");
    return client.reply();
}

TEST(SessionDuplicates, AnUnacknowledgedReplyIsUnheardWhileItsSessionLasts) {
    Rig rig;
    Client first(rig);
    first.log_in();
    auto* stream = rig.last_stream;
    const auto accepted = send_letter(first);
    ASSERT_TRUE(accepted.starts_with("250 2.0.0 Accepted as ")) << accepted;
    Client second(rig);
    second.log_in();
    stream->unacked = 40;
    const auto again = send_letter(second);
    EXPECT_TRUE(again.starts_with("250 2.0.0 Already accepted as ")) << again;
    EXPECT_NE(again.find(accepted.substr(22, 20)), std::string::npos) << again;
    EXPECT_EQ(rig.backend.submissions.size(), 1u);
    second.say("QUIT");
    stream->unacked = 0;  // it was taken after all: the next is wanted
    Client third(rig);
    third.log_in();
    EXPECT_TRUE(send_letter(third).starts_with("250 2.0.0 Accepted as "));
    EXPECT_EQ(rig.backend.submissions.size(), 2u);
}

TEST(SessionDuplicates, ASessionThatEndsWithoutAWordLeavesAMark) {
    Rig rig;
    {
        Client client(rig);
        client.log_in();
        send_letter(client);
        client.end_input();
    }
    rig.run(until_no_session(rig));
    EXPECT_EQ(rig.sent_marks.size(), 1u);
    Client again(rig);
    again.log_in();
    EXPECT_TRUE(send_letter(again).starts_with("250 2.0.0 Already accepted as "));
    again.say("NOOP");
    EXPECT_TRUE(send_letter(again).starts_with("250 2.0.0 Accepted as "));
    EXPECT_EQ(rig.backend.submissions.size(), 2u);
}

}  // namespace
}  // namespace posthaste::submission
