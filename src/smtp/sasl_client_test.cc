#include "smtp/sasl_client.h"

#include "base/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

using Kind = SaslLogin::Kind;
using Names = std::vector<std::string>;

SaslLogin login(Kind kind, std::string_view secret) {
    SaslLogin made;
    made.kind = kind;
    made.username = "relay@example.com";
    made.secret = Secret(std::string(secret));
    made.host = "smtp.example.com";
    made.port = 587;
    return made;
}

std::shared_ptr<SaslExchange> exchange(std::string_view mechanism, Kind kind,
                                       std::string_view secret) {
    return make_sasl_exchange(mechanism, login(kind, secret), {std::string(mechanism)});
}

TEST(SaslOrder, Rows) {
    struct Row {
        const char* name;
        Kind kind;
        std::set<std::string> offered;
        Names allowed;
        bool binding;
        Names wanted;
    };

    const Row rows[] = {
        {"everything",
         Kind::password,
         {"LOGIN", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", "XOAUTH2"},
         {},
         true,
         {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"}},
        {"PLUS wants a binding",
         Kind::password,
         {"SCRAM-SHA-256-PLUS", "PLAIN"},
         {},
         false,
         {"PLAIN"}},
        {"SCRAM-SHA-1 when the operator says so",
         Kind::password,
         {"SCRAM-SHA-1", "PLAIN"},
         {"SCRAM-SHA-1"},
         false,
         {"SCRAM-SHA-1"}},
        {"the operator's order",
         Kind::password,
         {"PLAIN", "LOGIN"},
         {"LOGIN", "PLAIN"},
         false,
         {"LOGIN", "PLAIN"}},
        {"a token",
         Kind::token,
         {"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"},
         {},
         true,
         {"XOAUTH2", "OAUTHBEARER"}},
        {"a password never goes as a token", Kind::password, {"XOAUTH2"}, {"XOAUTH2"}, true, {}},
        {"a token never goes as a password", Kind::token, {"PLAIN"}, {"PLAIN"}, true, {}},
        {"a certificate", Kind::external, {"EXTERNAL", "PLAIN"}, {}, true, {"EXTERNAL"}},
        {"nothing of ours", Kind::password, {"NTLM", "GSSAPI", "CRAM-MD5"}, {}, true, {}},
    };
    for (const Row& row : rows)
        EXPECT_EQ(sasl_order(row.kind, row.offered, row.allowed, row.binding), row.wanted)
            << row.name;
}

// clients.md 5.3
TEST(SaslExchange, Xoauth2) {
    const auto talk = exchange("XOAUTH2", Kind::token, "eyJ0.TEST");
    EXPECT_EQ(base64::encode(talk->initial().value().reveal()),
              "dXNlcj1yZWxheUBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciBleUowLlRFU1QBAQ==");
    const auto answer = talk->answer(R"({"status":"401"})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->reveal(), "") << "the reason wants an empty line";
    EXPECT_EQ(talk->complaint(), R"({"status":"401"})");
    EXPECT_FALSE(talk->finish()) << "welcomed behind a refusal";
    EXPECT_FALSE(talk->answer("more"));
}

// RFC 7628 §4.1
TEST(SaslExchange, Oauthbearer) {
    auto plan = login(Kind::token, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
    plan.username = "user@example.com";
    plan.host = "server.example.com";
    const auto talk = make_sasl_exchange("OAUTHBEARER", plan, {"OAUTHBEARER"});
    EXPECT_EQ(
        base64::encode(talk->initial().value().reveal()),
        "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVy"
        "IHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB");
    EXPECT_EQ(talk->answer("{}").value().reveal(), "\x01");
}

TEST(SaslExchange, ATokenThatIsWelcome) {
    const auto talk = exchange("XOAUTH2", Kind::token, "t");
    ASSERT_TRUE(talk->initial());
    EXPECT_TRUE(talk->finish());
}

TEST(SaslExchange, PlainIsSaidOnceMoreToWhoDoesNotTakeItAtOnce) {
    const auto talk = exchange("PLAIN", Kind::password, "secret");
    const std::string message = std::string("\0relay@example.com\0secret", 25);
    EXPECT_EQ(talk->initial().value().reveal(), message);
    EXPECT_EQ(talk->answer("").value().reveal(), message);
    EXPECT_FALSE(talk->answer(""));
}

TEST(SaslExchange, LoginSaysTwoThingsAndNoMore) {
    const auto talk = exchange("LOGIN", Kind::password, "secret");
    EXPECT_FALSE(talk->initial());
    EXPECT_EQ(talk->answer("Username:").value().reveal(), "relay@example.com");
    EXPECT_TRUE(talk->harmless());
    EXPECT_EQ(talk->answer("anything").value().reveal(), "secret");
    EXPECT_FALSE(talk->harmless());
    EXPECT_FALSE(talk->answer("again"));
}

TEST(SaslExchange, ExternalNamesTheUserOrNobody) {
    EXPECT_EQ(exchange("EXTERNAL", Kind::external, "")->initial().value().reveal(),
              "relay@example.com");
}

TEST(SaslExchange, ScramIsNotFinishedBeforeTheServerHasProvenItself) {
    const auto talk = exchange("SCRAM-SHA-256", Kind::password, "pencil");
    ASSERT_TRUE(talk->initial());
    EXPECT_TRUE(talk->is_slow());
    EXPECT_TRUE(talk->harmless());
    EXPECT_FALSE(talk->finish());
}

TEST(SaslExchange, ScramTellsThatTheOfferLackedPlus) {
    auto plan = login(Kind::password, "x");
    plan.channel_binding = std::string(32, 'b');
    const auto first = [&](std::string_view mechanism, const std::set<std::string>& offered) {
        return std::string(make_sasl_exchange(mechanism, plan, offered)->initial()->reveal());
    };
    EXPECT_TRUE(first("SCRAM-SHA-256", {"SCRAM-SHA-256"}).starts_with("y,,"));
    EXPECT_TRUE(first("SCRAM-SHA-256", {"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}).starts_with("n,,"));
    EXPECT_TRUE(
        first("SCRAM-SHA-256-PLUS", {"SCRAM-SHA-256-PLUS"}).starts_with("p=tls-exporter,,"));
}

TEST(SaslExchange, NothingForAMechanismOfAnotherKind) {
    EXPECT_EQ(exchange("XOAUTH2", Kind::password, "x"), nullptr);
    EXPECT_EQ(exchange("PLAIN", Kind::token, "x"), nullptr);
    EXPECT_EQ(exchange("CRAM-MD5", Kind::password, "x"), nullptr);
    EXPECT_FALSE(is_known_sasl("CRAM-MD5"));
}

}  // namespace
}  // namespace posthaste::smtp
