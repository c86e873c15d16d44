#include "app/config/config.h"

#include "app/config/route_settings.h"

#include <gtest/gtest.h>

namespace posthaste::app {

namespace {

constexpr std::string_view kSmallest =
    "hostname = \"mail.example.com\"\n[store]\npath = \"/var/lib/posthaste\"\n";

LoadedConfig with(std::string_view more) {
    return parse_config(std::string(kSmallest) + std::string(more), "/etc/posthaste/posthaste.toml",
                        {});
}

TEST(Config, TwoKeysAreEnough) {
    auto loaded = with("");
    ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes[0].to_string();
    const auto& s = loaded.settings;
    EXPECT_EQ(s.hostname, "mail.example.com");
    EXPECT_EQ(s.admin, "postmaster@mail.example.com");
    EXPECT_EQ(s.submission.size(), 2U);
    EXPECT_EQ(s.message_size, 50U << 20);
    EXPECT_EQ(s.retry.size(), 7U);
    EXPECT_EQ(s.expire, std::chrono::days(5));
    EXPECT_EQ(s.admin_socket, "/var/lib/posthaste/admin.sock");
    EXPECT_EQ(s.mx_port, 25);
}

struct Mistake {
    const char* name;
    const char* more;  // behind the smallest file: its first line is line 4
    std::uint32_t line;
    std::uint32_t column;
    const char* text;  // part of the sentence
    const char* mend;  // part of the mend
};

class ConfigMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(ConfigMistakes, AreShownWhereTheyStand) {
    auto loaded = with(GetParam().more);
    ASSERT_FALSE(loaded.mistakes.empty());
    const auto& mistake = loaded.mistakes[0];
    EXPECT_EQ(mistake.line, GetParam().line) << mistake.to_string();
    EXPECT_EQ(mistake.column, GetParam().column) << mistake.to_string();
    EXPECT_NE(mistake.text.find(GetParam().text), std::string::npos) << mistake.to_string();
    EXPECT_NE(mistake.mend.find(GetParam().mend), std::string::npos) << mistake.to_string();
}

INSTANTIATE_TEST_SUITE_P(
    Table, ConfigMistakes,
    testing::Values(
        Mistake{"unknown_key", "[limits]\nmesage_size = \"1 MB\"\n", 5, 1,
                "unknown key \"limits.mesage_size\"", "did you mean \"limits.message_size\""},
        Mistake{"key_in_wrong_section", "[relay]\nmx_port = 25\n", 5, 1, "unknown key",
                "delivery.mx_port"},
        Mistake{"wrong_type", "[limits]\nrecipients = \"many\"\n", 5, 14, "needs a whole number",
                ""},
        Mistake{"size_without_unit", "[limits]\nmessage_size = 50\n", 5, 16, "has no unit",
                "\"50 MB\""},
        Mistake{"duration_without_unit", "[delivery]\nexpire = \"5\"\n", 5, 10, "has no unit",
                "\"5d\""},
        Mistake{"unknown_unit", "[delivery]\nexpire = \"5 moons\"\n", 5, 10, "is no unit",
                "\"5d\""},
        Mistake{"not_built_yet", "url = \"postgresql://x\"\n", 4, 1, "not built yet",
                "leave it out"},
        Mistake{"acme_without_port", "[tls]\nacme = true\n", 5, 8, "port 80 or 443",
                "http_challenge"},
        Mistake{"acme_beside_files",
                "[listen]\nhttps = \":443\"\n[tls]\nacme = true\ncert_file = \"a\"\nkey_file = "
                "\"b\"\n",
                7, 8, "not both", "leave out"},
        Mistake{"acme_names_without_acme", "[tls]\nacme_names = [\"smtp.example.com\"]\n", 5, 14,
                "needs ACME", "acme = true"},
        Mistake{"acme_name_that_is_an_address",
                "[listen]\nhttps = \":443\"\n[tls]\nacme = true\nacme_names = [\"192.0.2.1\"]\n", 8,
                14, "no name of a host", "smtp.example.com"},
        Mistake{"acme_directory_in_clear",
                "[listen]\nhttps = \":443\"\n[tls]\nacme = true\nacme_directory = \"http://a/\"\n",
                8, 18, "no https address", "https://"},
        Mistake{"bad_choice", "[relay]\nhost = \"a.example:25\"\ntls = \"verfy\"\n", 6, 7,
                "cannot be \"verfy\"", "did you mean \"verify\""},
        Mistake{"password_inline", "[relay]\npassword = \"x\"\n", 5, 1, "unknown key",
                "password_file"},
        Mistake{"relay_without_port", "[relay]\nhost = \"smtp.example.net\"\n", 5, 8,
                "no host with a port", "587"},
        Mistake{"username_alone", "[relay]\nhost = \"a.example:587\"\nusername = \"u\"\n", 6, 12,
                "no password_file", "both"},
        Mistake{"password_in_clear",
                "[relay]\nhost = \"a.example:587\"\ntls = \"may\"\nusername = \"u\"\npassword_file "
                "= \"p\"\n",
                6, 7, "must not leave unencrypted", "verify"},
        Mistake{"trap_in_live_mode", "[listen]\ntrap = \"127.0.0.1:1025\"\n", 5, 8,
                "needs mode = \"trap\"", "mode"},
        Mistake{"trap_on_all_addresses", "[listen]\ntrap = \":1025\"\n", 5, 8, "loopback only",
                "127.0.0.1"},
        Mistake{"certificate_without_key", "[tls]\ncert_file = \"c.pem\"\n", 5, 13,
                "1 file in cert_file but no file in key_file", "add key_file"},
        Mistake{"certificates_and_fewer_keys",
                "[tls]\ncert_file = [\"a.pem\", \"b.pem\"]\nkey_file = \"k.pem\"\n", 5, 13,
                "2 files in cert_file but 1 file in key_file", "same number"},
        Mistake{"route_without_via", "[[route]]\nto = [\"a.example\"]\n", 4, 1, "no \"via\"",
                "host:port"},
        Mistake{"legacy_for_nobody", "[legacy]\nlisten = \"10.0.0.1:2525\"\n", 5, 10,
                "open to nobody", "allow"},
        Mistake{"legacy_nowhere", "[legacy]\nallow = [\"10.0.0.0/8\"]\n", 5, 9, "not where",
                "listen"},
        Mistake{"legacy_for_everybody", "[legacy]\nlisten = \":2525\"\nallow = [\"0.0.0.0/0\"]\n",
                6, 9, "lies in the internet", "allow_public"},
        Mistake{"legacy_no_network", "[legacy]\nlisten = \":2525\"\nallow = [\"10.0.0.1/8\"]\n", 6,
                9, "is no network", "10.0.0.0/8"},
        Mistake{"legacy_on_a_port_of_others",
                "[legacy]\nlisten = \":587\"\nallow = [\"10.0.0.0/8\"]\n", 5, 10,
                "one of [listen] submission", "2525"},
        Mistake{"no_room", "[limits]\nmessage_size = \"0 MB\"\n", 5, 16, "nothing at all", "50 MB"},
        Mistake{"no_time", "[limits]\ncommand_timeout = \"0s\"\n", 5, 19, "nothing at all", "5m"},
        Mistake{"no_time_for_data", "[limits]\ndata_timeout = \"0m\"\n", 5, 16, "nothing at all",
                "3m"},
        Mistake{"listens_nowhere", "[listen]\nsubmission = []\n", 5, 14, "nothing is listened on",
                "leave listen.submission out"},
        Mistake{"listens_twice", "[listen]\nsubmission = [\"127.0.0.1:25\", \"127.0.0.1:25\"]\n", 5,
                14, "listened on already", "another port"},
        Mistake{"all_addresses_and_one",
                "[listen]\nsubmission = [\":2525\"]\nmetrics = \"127.0.0.1:2525\"\n", 6, 11,
                "as \":2525\" of listen.submission", "another port"},
        Mistake{"no_name_server", "[delivery]\nresolver = [\"foo\"]\n", 5, 12,
                "no address of a DNS server", "127.0.0.1:5353"},
        Mistake{"route_to_no_domain", "[[route]]\nto = [\"x y\"]\nvia = \"mx\"\n", 5, 6,
                "\"x y\" is no domain", "example.net"},
        Mistake{"route_to_nobody", "[[route]]\nto = []\nvia = \"mx\"\n", 5, 6, "for no domain",
                "example.net"},
        Mistake{"second_route_to_nowhere",
                "[[route]]\nto = [\"a.test\"]\nvia = \"mx\"\n"
                "[[route]]\nto = [\"b.test\"]\nvia = \"nirvana\"\n",
                9, 7, "\"nirvana\" is no next hop", "hold"},
        Mistake{"empty_text", "[relay]\nhost = \"\"\n", 5, 8, "is empty", "leave it out"},
        Mistake{"syntax", "[listen\n", 4, 8, "", ""}),
    [](const auto& row) { return row.param.name; });

TEST(Config, APortForOldDevices) {
    auto loaded = with(
        "[legacy]\nlisten = \"10.0.0.1:2525\"\nallow = [\"10.0.0.0/8\", \"203.0.113.4\"]\n"
        "allow_public = true\n");
    ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes[0].to_string();
    const auto& legacy = loaded.settings.legacy;
    ASSERT_TRUE(legacy.listen);
    EXPECT_EQ(legacy.listen->port, 2525);
    ASSERT_EQ(legacy.allow.size(), 2U);
    EXPECT_EQ(legacy.allow[1].to_string(), "203.0.113.4");
    EXPECT_FALSE(with("").settings.legacy.listen);
}

// One mistake is told once: what follows from it is not a second one.
TEST(Config, AMistakeHasNoFollowers) {
    for (std::string_view file :
         {"hostname = \"\"\n[store]\npath = \"/s\"\n", "hostname = \"a.test\"\nstore = \"x\"\n",
          "hostname = \"a.test\"\n[store]\npath = \"\"\n"})
        EXPECT_EQ(parse_config(file, "p.toml", {}).mistakes.size(), 1U) << file;
    for (std::string_view more :
         {"[[route]]\nto = [\"a.test\"]\n", "[[route]]\nvia = \"mx\"\n",
          "[[route]]\nto = [\"x y\"]\nvia = \"mx\"\n", "[[route]]\nto = [\"a.test\"]\nvia = \"\"\n",
          "[relay]\nhost = \"a.test:25\"\nusername = \"\"\npassword_file = \"p\"\n",
          "[listen]\nsubmission = [\"foo\"]\n", "[tls]\ncert_file = \"\"\nkey_file = \"k\"\n"})
        EXPECT_EQ(with(more).mistakes.size(), 1U) << more << with(more).mistakes[0].to_string();
}

TEST(Config, ASectionIsNoKey) {
    auto loaded = parse_config("hostname = \"a.test\"\nstore = \"x\"\n", "p.toml", {});
    ASSERT_FALSE(loaded.mistakes.empty());
    EXPECT_EQ(loaded.mistakes[0].line, 2U);
    EXPECT_NE(loaded.mistakes[0].text.find("is a section"), std::string::npos);
    EXPECT_NE(loaded.mistakes[0].mend.find("[store]"), std::string::npos);
}

TEST(Config, PortsThatGoTogether) {
    for (std::string_view more :
         {"[listen]\nsubmission = [\"127.0.0.1:25\", \"127.0.0.2:25\", \"[::1]:25\"]\n",
          "[listen]\nsubmission = [\"127.0.0.1:0\", \"127.0.0.1:0\"]\n",
          "[listen]\nsubmission = [\"0.0.0.0:25\", \"[::]:25\"]\n",
          "[listen]\nsubmission = []\nhttps = \":443\"\n"}) {
        auto loaded = with(more);
        EXPECT_TRUE(loaded.mistakes.empty()) << loaded.mistakes[0].to_string();
    }
}

TEST(Config, RoutesToAllKindsOfDomains) {
    auto loaded =
        with("[[route]]\nto = [\"a.test\", \".b.test\", \"*\", \"bücher.test\"]\nvia = \"mx\"\n");
    EXPECT_TRUE(loaded.mistakes.empty()) << loaded.mistakes[0].to_string();
}

struct WholeMistake {
    const char* name;
    const char* text;
    const char* said;
};

class ConfigOfRoutes : public testing::TestWithParam<WholeMistake> {};

TEST_P(ConfigOfRoutes, IsTold) {
    auto loaded = with(GetParam().text);
    ASSERT_EQ(loaded.mistakes.size(), 1U)
        << (loaded.mistakes.empty() ? std::string("no mistake") : loaded.mistakes[1].to_string());
    EXPECT_NE(loaded.mistakes[0].text.find(GetParam().said), std::string::npos)
        << loaded.mistakes[0].to_string();
    EXPECT_GT(loaded.mistakes[0].line, 0U);
    EXPECT_FALSE(loaded.mistakes[0].mend.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, ConfigOfRoutes,
    testing::Values(
        WholeMistake{"same_name",
                     "[[route]]\nname = \"a\"\nvia = \"mx\"\n[[route]]\nname = \"a\"\nvia = "
                     "\"mx\"\n",
                     "two routes"},
        WholeMistake{"taken_name", "[[route]]\nname = \"default\"\nvia = \"mx\"\n", "is taken"},
        WholeMistake{"two_words", "[[route]]\nname = \"a b\"\nvia = \"mx\"\n", "is no name"},
        WholeMistake{"no_sender", "[[route]]\nfrom = [\"a@b@c\"]\nvia = \"mx\"\n",
                     "neither an address"},
        WholeMistake{"no_account", "[[route]]\naccount = \"anna\"\nvia = \"mx\"\n",
                     "is no account"},
        WholeMistake{"unknown_fallback",
                     "[[route]]\nto = \"a.test\"\nvia = \"mx\"\nfallback = \"spar\"\n"
                     "[[route]]\nname = \"spare\"\nvia = \"a.test:25\"\n",
                     "no [[route]] is called \"spar\""},
        WholeMistake{"fallback_after_without",
                     "[[route]]\nto = \"a.test\"\nvia = \"mx\"\nfallback_after = 3\n",
                     "without \"fallback\""},
        WholeMistake{"fallback_to_itself",
                     "[[route]]\nname = \"a\"\nvia = \"a.test:25\"\nfallback = \"a\"\n",
                     "leads back"},
        WholeMistake{"fallback_that_holds",
                     "[[route]]\nto = \"a.test\"\nvia = \"mx\"\nfallback = \"keep\"\n"
                     "[[route]]\nname = \"keep\"\nvia = \"hold\"\n",
                     "does not leave"},
        WholeMistake{"unknown_source",
                     "[[route]]\nto = \"a.test\"\nvia = \"mx\"\nsource = \"first\"\n",
                     "no [[source]] is called"},
        WholeMistake{"unknown_source_of_all", "[delivery]\nsource = [\"first\"]\n",
                     "no [[source]] is called"},
        WholeMistake{"a_login_in_clear",
                     "[[route]]\nto = \"a.test\"\nvia = \"a.test:587\"\ntls = \"may\"\n"
                     "username = \"u\"\npassword_file = \"p\"\n",
                     "must not leave unencrypted"},
        WholeMistake{"a_login_by_halves",
                     "[[route]]\nto = \"a.test\"\nvia = \"a.test:587\"\nusername = \"u\"\n",
                     "no password_file"},
        WholeMistake{"a_login_at_mx",
                     "[[route]]\nto = \"a.test\"\nvia = \"mx\"\nusername = \"u\"\n"
                     "password_file = \"p\"\n",
                     "only a relay"},
        WholeMistake{"ports_of_two_kinds",
                     "[[route]]\nto = \"a.test\"\nvia = [\"a.test:465\", \"b.test:587\"]\n",
                     "port 465"},
        WholeMistake{"a_host_twice",
                     "[[route]]\nto = \"a.test\"\nvia = [\"a.test:25 b.test:25\", \"A.test:25\"]\n",
                     "named twice"},
        WholeMistake{"mx_of_an_address", "[[route]]\nto = \"a.test\"\nvia = \"mx:192.0.2.1\"\n",
                     "no MX records"},
        WholeMistake{"source_without_name", "[[source]]\naddress = \"192.0.2.1\"\n", "no \"name\""},
        WholeMistake{"source_without_address", "[[source]]\nname = \"a\"\n", "no address"},
        WholeMistake{"source_with_two_of_a_kind",
                     "[[source]]\nname = \"a\"\naddress = [\"192.0.2.1\", \"192.0.2.2\"]\n",
                     "one address of each family"},
        WholeMistake{"one_address_twice",
                     "[[source]]\nname = \"a\"\naddress = \"192.0.2.1\"\n"
                     "[[source]]\nname = \"b\"\naddress = \"192.0.2.1\"\n",
                     "the same address"},
        WholeMistake{"no_own_address", "[delivery]\nown_addresses = [\"here\"]\n",
                     "is no address"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Config, ARouteInFull) {
    auto loaded = with(
        "[[source]]\nname = \"first\"\naddress = [\"192.0.2.1\", \"2001:db8::1\"]\n"
        "ehlo = \"out1.example.com\"\nweight = 3\n"
        "[[route]]\nname = \"main\"\nto = [\"a.test\"]\nfrom = [\"example.com\", \"<>\"]\n"
        "account = \"anna@example.com\"\n"
        "via = [\"[relay1.test]:587 relay2.test:587\", \"mx:pool.test\"]\n"
        "username = \"u\"\npassword_file = \"p\"\nfallback = \"spare\"\nfallback_after = 2\n"
        "source = [\"first\"]\nfamily = \"v6,v4\"\n"
        "[[route]]\nname = \"spare\"\nvia = \"mx\"\n");
    ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes[0].to_string();
    ASSERT_EQ(loaded.settings.routes.size(), 2U);
    auto hosts = parse_relay_hosts(loaded.settings.routes[0].via);
    ASSERT_TRUE(hosts);
    const std::vector<delivery::RelayHost> expected{
        {"relay1.test", 587, false, 0}, {"relay2.test", 587, false, 0}, {"pool.test", 25, true, 1}};
    EXPECT_EQ(*hosts, expected);
    EXPECT_EQ(loaded.settings.routes[0].families, delivery::AddressFamilies::v6_first);
    EXPECT_EQ(loaded.settings.sources.at(0).weight, 3U);
    EXPECT_EQ(loaded.settings.sources.at(0).v6->to_string(), "2001:db8::1");
}

TEST(Config, AllMistakesInOneRun) {
    auto loaded = with("[limits]\nrecipents = 1\nerors = 2\n");
    EXPECT_EQ(loaded.mistakes.size(), 2U);
}

TEST(Config, AMistakeShowsItsLineAndACaret) {
    auto loaded = with("[limits]\nrecipents = 1\n");
    ASSERT_EQ(loaded.mistakes.size(), 1U);
    EXPECT_EQ(loaded.mistakes[0].to_string(),
              "/etc/posthaste/posthaste.toml:5:1: unknown key \"limits.recipents\"\n"
              "    5 | recipents = 1\n"
              "      | ^\n"
              "  mend  did you mean \"limits.recipients\"?\n");
}

TEST(Config, TheEnvironmentOverridesTheFile) {
    auto loaded = parse_config(kSmallest, "p.toml",
                               {"POSTHASTE_RELAY_HOST=relay.example:587",
                                "POSTHASTE_LISTEN_SUBMISSION=127.0.0.1:2587", "PATH=/bin"});
    ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes[0].to_string();
    EXPECT_EQ(loaded.settings.relay.host, "relay.example:587");
    ASSERT_EQ(loaded.settings.submission.size(), 1U);
    EXPECT_EQ(loaded.settings.submission[0].port, 2587);
}

TEST(Config, AnEnvironmentNameReplacesAListOfTheFile) {
    const std::string text = std::string(kSmallest) +
                             "[legacy]\nlisten = \"10.0.0.1:2525\"\nallow = [\"10.0.0.0/8\"]\n"
                             "[delivery]\nown_addresses = [\"192.0.2.1\", \"192.0.2.2\"]\n";
    const auto loaded = parse_config(
        text, "p.toml",
        {"POSTHASTE_LEGACY_ALLOW=192.168.1.40", "POSTHASTE_DELIVERY_OWN_ADDRESSES=192.0.2.3"});
    ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes[0].to_string();
    ASSERT_EQ(loaded.settings.legacy.allow.size(), 1U);
    EXPECT_FALSE(loaded.settings.legacy.allow[0].contains(*IpAddress::parse("10.0.0.7")));
    ASSERT_EQ(loaded.settings.own_addresses.size(), 1U);
    EXPECT_EQ(loaded.settings.own_addresses[0].to_string(), "192.0.2.3");
}

TEST(Config, ANumberOfTheEnvironmentIsAWholeOne) {
    for (const char* wrong : {"12x", "", " 12", "1.5", "99999999999999999999"}) {
        const auto loaded =
            parse_config(kSmallest, "p.toml", {std::string("POSTHASTE_LIMITS_ERRORS=") + wrong});
        ASSERT_EQ(loaded.mistakes.size(), 1U) << wrong;
        EXPECT_NE(loaded.mistakes[0].text.find("POSTHASTE_LIMITS_ERRORS"), std::string::npos);
    }
    EXPECT_EQ(parse_config(kSmallest, "p.toml", {"POSTHASTE_LIMITS_ERRORS=12"}).settings.errors,
              12U);
}

TEST(Config, AnUnknownEnvironmentNameIsAMistake) {
    auto loaded = parse_config(kSmallest, "p.toml", {"POSTHASTE_RELAY_HOTS=x"});
    ASSERT_EQ(loaded.mistakes.size(), 1U);
    EXPECT_NE(loaded.mistakes[0].text.find("POSTHASTE_RELAY_HOTS"), std::string::npos);
}

TEST(Config, RelativePathsStartAtTheFilesFolder) {
    auto loaded = with("[tls]\ncert_file = \"c.pem\"\nkey_file = \"k.pem\"\n");
    ASSERT_TRUE(loaded.mistakes.empty());
    EXPECT_EQ(loaded.settings.cert_files, std::vector<std::string>{"/etc/posthaste/c.pem"});
}

TEST(Config, RequiredKeysAreNamed) {
    auto loaded = parse_config("", "p.toml", {});
    ASSERT_EQ(loaded.mistakes.size(), 2U);
    EXPECT_NE(loaded.mistakes[0].text.find("hostname"), std::string::npos);
    EXPECT_NE(loaded.mistakes[1].text.find("store.path"), std::string::npos);
}

TEST(Config, TheSampleFileIsAGoodFile) {
    auto loaded = parse_config(sample_config(), "p.toml", {});
    ASSERT_TRUE(loaded.mistakes.empty()) << loaded.mistakes[0].to_string();
}

TEST(Config, AMissingFileSaysHowToNameOne) {
    auto loaded = load_config("/nowhere/posthaste.toml", {});
    ASSERT_EQ(loaded.mistakes.size(), 1U);
    EXPECT_NE(loaded.mistakes[0].mend.find("--config"), std::string::npos);
}

}  // namespace

}  // namespace posthaste::app
