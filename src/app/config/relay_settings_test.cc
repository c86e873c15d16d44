#include "app/config/relay_settings.h"

#include "app/config/config.h"
#include "app/config/option_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::app {
namespace {

using ::testing::HasSubstr;

LoadedConfig with(std::string_view more) {
    return parse_config(
        "hostname = \"mail.example.com\"\n[store]\npath = \"/var/lib/posthaste\"\n" +
            std::string(more),
        "/etc/posthaste/posthaste.toml", {});
}

RelaySettings relay(std::string_view more) {
    auto loaded = with(more);
    EXPECT_TRUE(loaded.mistakes.empty()) << more << "\n" << loaded.mistakes[0].to_string();
    return loaded.settings.relay;
}

TEST(RelaySettings, MicrosoftByCertificate) {
    const auto made = relay(
        "[relay]\npreset = \"microsoft365\"\n[relay.oauth]\ntenant = \"example.com\"\nclient_id = "
        "\"app\"\nuser = \"relay@example.com\"\ncertificate_file = \"m.crt\"\nkey_file = "
        "\"m.key\"\n");
    EXPECT_EQ(made.host, "smtp.office365.com:587");
    EXPECT_EQ(made.auth, "oauth");
    EXPECT_EQ(made.tls, delivery::TlsLevel::verify);
    EXPECT_EQ(made.max_connections, 2u);
    EXPECT_EQ(made.max_messages_per_minute, 25u);
    EXPECT_EQ(made.max_recipients, 100u);
    EXPECT_EQ(made.oauth.flow, "client-credentials");
    EXPECT_EQ(made.oauth.token_url,
              "https://login.microsoftonline.com/example.com/oauth2/v2.0/token");
    EXPECT_EQ(made.oauth.scope, "https://outlook.office365.com/.default");
    EXPECT_EQ(made.oauth.certificate_file, "/etc/posthaste/m.crt");
}

TEST(RelaySettings, MicrosoftBySomebodySigningIn) {
    const auto made = relay(
        "[relay]\npreset = \"microsoft365\"\n[relay.oauth]\ntenant = \"common\"\nclient_id = "
        "\"app\"\nuser = \"relay@example.com\"\n");
    EXPECT_EQ(made.oauth.flow, "sign-in");
    EXPECT_EQ(made.oauth.device_url,
              "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode");
    EXPECT_THAT(made.oauth.scope, HasSubstr("offline_access"));
}

TEST(RelaySettings, GoogleThreeTimes) {
    const auto account = relay(
        "[relay]\npreset = \"google\"\n[relay.oauth]\nservice_account_file = \"g.json\"\nuser = "
        "\"relay@example.com\"\n");
    EXPECT_EQ(account.host, "smtp.gmail.com:465");
    EXPECT_EQ(account.oauth.flow, "service-account");
    const auto person = relay(
        "[relay]\npreset = \"google\"\n[relay.oauth]\nclient_id = \"c\"\nclient_secret_file = "
        "\"s\"\nuser = \"relay@example.com\"\n");
    EXPECT_EQ(person.oauth.flow, "sign-in");
    EXPECT_EQ(person.oauth.device_url, "") << "Google gives no device codes for mail";
    EXPECT_EQ(person.oauth.auth_url, "https://accounts.google.com/o/oauth2/v2/auth");
    const auto by_address = relay("[relay]\npreset = \"google-relay\"\n");
    EXPECT_EQ(by_address.host, "smtp-relay.gmail.com:587");
    EXPECT_EQ(by_address.auth, "none");
}

TEST(RelaySettings, WhatIsSaidCountsMoreThanThePreset) {
    const auto made = relay(
        "[relay]\npreset = \"microsoft365\"\nhost = \"localhost:2587\"\nmax_connections = 3\n"
        "username = \"u\"\npassword_file = \"p\"\n");
    EXPECT_EQ(made.host, "localhost:2587");
    EXPECT_EQ(made.max_connections, 3u);
    EXPECT_EQ(made.auth, "password");
    auto twice = made;
    complete_relay(twice);
    EXPECT_EQ(twice.host, made.host);
}

struct Row {
    const char* name;
    const char* more;
    const char* text;
    std::uint32_t line;
};

class RelayMistakes : public ::testing::TestWithParam<Row> {};

TEST_P(RelayMistakes, AreToldWhereTheyStand) {
    auto loaded = with(GetParam().more);
    ASSERT_FALSE(loaded.mistakes.empty());
    EXPECT_THAT(loaded.mistakes[0].text, HasSubstr(GetParam().text));
    EXPECT_EQ(loaded.mistakes[0].line, GetParam().line) << loaded.mistakes[0].to_string();
    EXPECT_FALSE(loaded.mistakes[0].mend.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, RelayMistakes,
    ::testing::Values(
        Row{"secret_in_the_file", "[relay.oauth]\nclient_secret = \"x\"\n", "unknown key", 5},
        Row{"preset_misspelt", "[relay]\npreset = \"microsoft\"\n", "cannot be", 5},
        Row{"tls_too_weak",
            "[relay]\npreset = \"google\"\ntls = \"encrypt\"\n[relay.oauth]\n"
            "service_account_file = \"g\"\nuser = \"u@example.com\"\n",
            "not verified", 6},
        Row{"two_mailboxes",
            "[relay]\nhost = \"h:587\"\nusername = \"a@example.com\"\n[relay.oauth]\nuser = "
            "\"b@example.com\"\nclient_id = \"c\"\nclient_secret_file = \"s\"\ntoken_url = "
            "\"https://t/\"\n",
            "two mailboxes", 6},
        Row{"secret_and_certificate",
            "[relay]\nhost = \"h:587\"\n[relay.oauth]\nuser = \"b@example.com\"\nclient_id = "
            "\"c\"\nclient_secret_file = \"s\"\ncertificate_file = \"c\"\nkey_file = "
            "\"k\"\ntoken_url = \"https://t/\"\n",
            "both prove", 9},
        Row{"token_url_in_clear",
            "[relay]\nhost = \"h:587\"\n[relay.oauth]\nuser = \"b@example.com\"\nclient_id = "
            "\"c\"\nclient_secret_file = \"s\"\ntoken_url = \"http://t/\"\n",
            "no https", 10},
        Row{"mechanism_unknown",
            "[relay]\nhost = \"h:587\"\nusername = \"u\"\npassword_file = \"p\"\nmechanisms = "
            "[\"CRAM-MD5\"]\n",
            "CRAM-MD5", 8},
        Row{"certificate_without_key",
            "[relay]\nhost = \"h:587\"\nclient_certificate_file = \"c\"\n", "belong together", 6},
        Row{"certificate_login_without_certificate",
            "[relay]\nhost = \"h:587\"\nauth = \"certificate\"\n", "no certificate", 6},
        Row{"password_without_anything", "[relay]\nhost = \"h:587\"\nauth = \"password\"\n",
            "neither a name nor a password", 6}),
    [](const auto& test) { return std::string(test.param.name); });

RouteSettings route(std::string_view more) {
    auto loaded = with("[[route]]\nname = \"news\"\n" + std::string(more));
    EXPECT_TRUE(loaded.mistakes.empty()) << more << "\n" << loaded.mistakes[0].to_string();
    return loaded.settings.routes.at(0);
}

TEST(RouteLogin, HasAllThatARelayHas) {
    const auto made = route(
        "preset = \"microsoft365\"\nmax_connections = 1\n[route.oauth]\ntenant = "
        "\"example.com\"\nclient_id = \"app\"\nuser = \"news@example.com\"\n"
        "client_secret_file = \"s\"\n");
    EXPECT_EQ(made.via, std::vector<std::string>{"smtp.office365.com:587"});
    EXPECT_EQ(made.login.route, "news");
    EXPECT_EQ(made.login.auth, "oauth");
    EXPECT_EQ(made.login.max_connections, 1u);
    EXPECT_EQ(made.login.max_messages_per_minute, 25u);
    EXPECT_EQ(made.login.oauth.client_secret_file, "/etc/posthaste/s");
    EXPECT_EQ(made.login.tls, delivery::TlsLevel::verify);
}

TEST(RouteLogin, GoesToTheHostsOfItsOwn) {
    const auto made = route(
        "via = [\"[2001:db8::1]:465\", \"b.example:465\"]\nusername = \"u\"\npassword_file = "
        "\"p\"\nmechanisms = [\"plain\"]\ntls = \"encrypt\"\n");
    EXPECT_EQ(made.login.host, "[2001:db8::1]:465");
    EXPECT_EQ(made.login.auth, "password");
    EXPECT_EQ(made.login.mechanisms, std::vector<std::string>{"PLAIN"});
    EXPECT_EQ(made.login.tls, delivery::TlsLevel::encrypt);
}

TEST(RouteLogin, EveryKeyOfARelayIsAKeyOfARoute) {
    for (const Option& option : option_table()) {
        if (!option.key.starts_with("relay.") || option.key == "relay.host") continue;
        const auto key = "route[]." + std::string(option.key.substr(6));
        EXPECT_NE(find_option(key), nullptr) << key;
    }
}

TEST(RouteLogin, MistakesAreToldWhereTheyAre) {
    const auto loaded = with(
        "[[route]]\nto = [\"x.test\"]\nvia = \"a.example:587\"\nusername = \"u\"\n"
        "[[route]]\nto = [\"y.test\"]\nvia = \"hold\"\nauth = \"certificate\"\n");
    ASSERT_EQ(loaded.mistakes.size(), 2u);
    EXPECT_EQ(loaded.mistakes[0].line, 7u);
    EXPECT_THAT(loaded.mistakes[0].text, HasSubstr("this route has a username"));
    EXPECT_EQ(loaded.mistakes[1].line, 8u);
    EXPECT_THAT(loaded.mistakes[1].text, HasSubstr("only a relay"));
}

}  // namespace
}  // namespace posthaste::app
