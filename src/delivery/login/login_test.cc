// Logins over real TLS, against a server of the test's own.
#include "delivery/login/login.h"

#include "base/base64.h"
#include "delivery/testing.h"
#include "net/test_support.h"
#include "smtp/scram_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = smtp::SaslLogin::Kind;
using net::testing::Certificates;
using testing_tools::Loop;

// Says what `answer` makes of each line of the client, once TLS stands.
struct Server {
    std::string auth;  // what EHLO offers
    std::function<std::string(const std::string& line, const net::Stream& stream)> answer;
    std::vector<std::string> heard;  // behind EHLO
};

runtime::Task<void> serve(std::unique_ptr<net::Stream> stream, Server& server, bool tls) {
    stream->expires_after(Seconds(10));
    if (tls) {
        auto starting = stream->start_tls(*Certificates::get().server);
        auto started = co_await std::move(starting);
        if (!started) co_return;
    }
    std::string next = "220 mail.test ESMTP\r\n";
    for (;;) {
        auto writing = stream->write(next);
        auto written = co_await std::move(writing);
        if (!written) co_return;
        auto reading = net::read_line(*stream, 20'000);
        auto line = co_await std::move(reading);
        if (!line) co_return;
        if (line->text.starts_with("EHLO")) {
            next = "250-mail.test\r\n250 AUTH " + server.auth + "\r\n";
            continue;
        }
        server.heard.push_back(line->text);
        next = server.answer(line->text, *stream) + "\r\n";
    }
}

class LoginTest : public ::testing::Test {
  protected:
    LoginTest() { net::testing::ignore_sigpipe(); }

    struct Came {
        Step<> result;
        LoginSaid said;
        bool usable = false;
    };

    Came log_in_at(Server& server, smtp::SaslLogin login, std::string name = "mail.test",
                   bool tls = true) {
        auto came = loop_.run(meet(server, std::move(login), std::move(name), tls));
        EXPECT_TRUE(came.has_value());
        return std::move(*came);
    }

    runtime::Task<Came> meet(Server& server, smtp::SaslLogin login, std::string name, bool tls) {
        auto [ours, theirs] = net::testing::stream_pair(loop_.workers[0]);
        runtime::TaskGroup group(loop_.workers[0], loop_.log);
        group.spawn(serve(std::move(theirs), server, tls));
        ClientSession session(std::move(ours), name,
                              {"client.test", Seconds(5), Seconds(5), Seconds(5)});
        Came came;
        net::TlsClientPolicy policy;
        policy.server_name = name;
        policy.verify = name == "mail.test";
        if (tls) {
            auto starting =
                session.start_implicit_tls(*Certificates::get().client, std::move(policy));
            auto started = co_await std::move(starting);
            EXPECT_TRUE(started.has_value());
        }
        auto greeting = session.greet(false);
        auto greeted = co_await std::move(greeting);
        EXPECT_TRUE(greeted.has_value());
        LoginCall call;
        call.login = std::move(login);
        call.blocking = &blocking_;
        auto logging_in = log_in(session, std::move(call), came.said);
        came.result = co_await std::move(logging_in);
        came.usable = session.is_usable();
        session.abort();
        auto closing = group.close();
        co_await std::move(closing);
        co_return came;
    }

    static smtp::SaslLogin login(Kind kind, std::string secret) {
        smtp::SaslLogin made;
        made.kind = kind;
        made.username = "user";
        made.secret = Secret(std::move(secret));
        return made;
    }

    Loop loop_;
    runtime::BlockingPool blocking_{"test", 1, 16};
};

// "AUTH X BASE64" or "BASE64" to octets.
std::string decoded(const std::string& line) {
    return base64::decode(line.substr(line.rfind(' ') + 1)).value_or("?");
}

std::function<std::string(const std::string&, const net::Stream&)> scram_server(
    std::string password, bool bound, std::string final_words = "235 2.7.0 welcome") {
    auto state = std::make_shared<std::optional<smtp::testing::ScramServer>>();
    return [=](const std::string& line, const net::Stream& stream) -> std::string {
        if (line.starts_with("AUTH")) {
            state->emplace(password, bound ? stream.channel_binding() : std::string());
            return "334 " + base64::encode((*state)->answer(decoded(line)));
        }
        if (line.empty()) return final_words;
        if (line == "*") return "501 5.7.0 given up";
        const auto verdict = (*state)->judge(decoded(line));
        return verdict ? "334 " + base64::encode(*verdict) : "535 5.7.8 wrong";
    };
}

TEST_F(LoginTest, ScramPlusIsBoundToThisVeryConnection) {
    Server server{"PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", scram_server("pencil", true), {}};
    auto came = log_in_at(server, login(Kind::password, "pencil"));
    EXPECT_TRUE(came.result) << came.result.error().text;
    EXPECT_EQ(came.said.mechanism, "SCRAM-SHA-256-PLUS");
    EXPECT_TRUE(server.heard[0].starts_with("AUTH SCRAM-SHA-256-PLUS "));
}

// Somebody in the middle with a certificate of the relay's name: both ends see another channel.
TEST_F(LoginTest, AnotherChannelIsRefusedAndNothingWeakerIsTried) {
    auto other = scram_server("pencil", false);
    Server server{"PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", other, {}};
    auto came = log_in_at(server, login(Kind::password, "pencil"));
    ASSERT_FALSE(came.result);
    EXPECT_EQ(came.result.error().reply.code, 535);
    EXPECT_EQ(server.heard.size(), 2u) << "no PLAIN behind a refused proof";
}

TEST_F(LoginTest, AMechanismThatIsRefusedUnseenGivesWayToTheNext) {
    auto scram = scram_server("pencil", false);
    Server server{"SCRAM-SHA-256 SCRAM-SHA-256-PLUS",
                  [scram](const std::string& line, const net::Stream& stream) -> std::string {
                      if (line.starts_with("AUTH SCRAM-SHA-256-PLUS "))
                          return "334 " + base64::encode("e=unsupported-channel-binding-type");
                      return scram(line, stream);
                  },
                  {}};
    auto came = log_in_at(server, login(Kind::password, "pencil"));
    EXPECT_TRUE(came.result) << came.result.error().reply.text();
    EXPECT_EQ(came.said.mechanism, "SCRAM-SHA-256");
    EXPECT_EQ(server.heard[1], "*");
}

TEST_F(LoginTest, AWelcomeWithoutProofIsNone) {
    Server server{"SCRAM-SHA-256 PLAIN",
                  [](const std::string&, const net::Stream&) { return "235 2.7.0 welcome"; },
                  {}};
    auto came = log_in_at(server, login(Kind::password, "pencil"));
    ASSERT_FALSE(came.result);
    EXPECT_EQ(came.result.error().what, What::no_proof);
    EXPECT_FALSE(came.usable);
}

TEST_F(LoginTest, NothingInClearAndNoTokenToAStranger) {
    Server server{"PLAIN XOAUTH2", [](const auto&, const auto&) { return "235 welcome"; }, {}};
    auto clear = log_in_at(server, login(Kind::password, "pencil"), "mail.test", false);
    ASSERT_FALSE(clear.result);
    EXPECT_EQ(clear.result.error().what, What::not_offered);
    auto stranger = log_in_at(server, login(Kind::token, "token"), "other.test");
    ASSERT_FALSE(stranger.result);
    EXPECT_THAT(stranger.result.error().text, HasSubstr("not verified"));
    EXPECT_TRUE(server.heard.empty());
}

TEST_F(LoginTest, ARefusedTokenIsAnsweredAndItsReasonKept) {
    Server server{"XOAUTH2",
                  [](const std::string& line, const net::Stream&) -> std::string {
                      if (line.empty()) return "535 5.7.3 no";
                      return "334 " + base64::encode(R"({"status":"401"})");
                  },
                  {}};
    auto came = log_in_at(server, login(Kind::token, "token"));
    ASSERT_FALSE(came.result);
    EXPECT_EQ(came.result.error().reply.code, 535);
    EXPECT_EQ(came.said.complaint, R"({"status":"401"})");
    EXPECT_TRUE(came.usable);
}

TEST_F(LoginTest, AnExchangeWithoutEndEnds) {
    for (const char* offer : {"LOGIN", "PLAIN", "SCRAM-SHA-256", "XOAUTH2", "EXTERNAL"}) {
        const std::string name = offer;
        Server server{name, [](const auto&, const auto&) { return "334 "; }, {}};
        const Kind kind = name == "XOAUTH2"    ? Kind::token
                          : name == "EXTERNAL" ? Kind::external
                                               : Kind::password;
        auto came = log_in_at(server, login(kind, "secret"));
        EXPECT_FALSE(came.result) << name;
        EXPECT_LT(server.heard.size(), 15u) << name;
    }
}

TEST_F(LoginTest, ChallengesThatAreNoBase64AreGivenUp) {
    Server server{"SCRAM-SHA-256",
                  [](const std::string& line, const net::Stream&) -> std::string {
                      return line == "*" ? "501 ok" : "334 %%%";
                  },
                  {}};
    auto came = log_in_at(server, login(Kind::password, "pencil"));
    EXPECT_FALSE(came.result);
    EXPECT_EQ(server.heard.back(), "*");
}

TEST_F(LoginTest, PlainThatIsNotTakenAfterAllGivesWayToLogin) {
    int prompts = 0;
    Server server{"PLAIN LOGIN",
                  [&](const std::string& line, const net::Stream&) -> std::string {
                      if (line.starts_with("AUTH PLAIN")) return "504 5.7.4 unrecognized";
                      return ++prompts <= 2 ? "334 VXNlcm5hbWU6" : "235 2.7.0 ok";
                  },
                  {}};
    auto came = log_in_at(server, login(Kind::password, "secret"));
    EXPECT_TRUE(came.result);
    EXPECT_THAT(server.heard, ElementsAre(HasSubstr("AUTH PLAIN "), "AUTH LOGIN",
                                          base64::encode("user"), base64::encode("secret")));
}

TEST_F(LoginTest, NothingThatWeSpeakIsNamed) {
    Server server{"NTLM GSSAPI", [](const auto&, const auto&) { return "535 no"; }, {}};
    auto came = log_in_at(server, login(Kind::password, "secret"));
    ASSERT_FALSE(came.result);
    EXPECT_THAT(came.result.error().text, HasSubstr("GSSAPI, NTLM"));
}

}  // namespace
}  // namespace posthaste::delivery
