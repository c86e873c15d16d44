#include "smtp/sasl.h"

#include "base/base64.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

using namespace std::string_view_literals;

TEST(ParseAuth, Rows) {
    struct Row {
        const char* name;
        std::string_view argument;
        Mechanism mechanism;
        bool has_initial = false;
        std::string_view initial = "";
    };

    const Row rows[] = {
        {"PLAIN in one step", "PLAIN AGFubmFAZXhhbXBsZS5jb20AY29ycmVjdCBob3JzZQ==",
         Mechanism::plain, true, "\0anna@example.com\0correct horse"sv},
        {"PLAIN in two steps", "PLAIN", Mechanism::plain},
        {"trailing space is no response", "PLAIN ", Mechanism::plain},
        {"LOGIN", "LOGIN", Mechanism::login},
        {"lower case (.NET)", "login", Mechanism::login},
        {"LOGIN with the user name", "LOGIN YW5uYUBleGFtcGxlLmNvbQ==", Mechanism::login, true,
         "anna@example.com"},
        {"spaces around", "  Login \t YW5uYQ==  ", Mechanism::login, true, "anna"},
        {"empty response", "PLAIN =", Mechanism::plain, true, ""},
        {"SPA", "NTLM TlRMTVNTUAAB", Mechanism::ntlm, true},
        {"SPA without response", "NTLM", Mechanism::ntlm},
        {"GSSAPI", "gssapi YII=", Mechanism::ntlm, true},
        {"not offered", "CRAM-MD5", Mechanism::other},
        {"not offered, response not looked at", "XOAUTH2 !!! ???", Mechanism::other, true},
        {"SCRAM", "SCRAM-SHA-256-PLUS", Mechanism::other},
    };
    for (const auto& row : rows) {
        const auto got = parse_auth(row.argument);
        ASSERT_TRUE(got) << row.name;
        EXPECT_EQ(got->mechanism, row.mechanism) << row.name;
        EXPECT_EQ(got->has_initial_response, row.has_initial) << row.name;
        EXPECT_EQ(got->initial_response, row.initial) << row.name;
    }
}

TEST(ParseAuth, Refused) {
    struct Row {
        const char* name;
        std::string argument;
        ErrorKind kind = ErrorKind::syntax;
    };

    const Row rows[] = {
        {"empty", ""},
        {"spaces", "   "},
        {"name with odd octets", "PL@IN"},
        {"name of 21", std::string(21, 'A')},
        {"not base64", "PLAIN !!!!"},
        {"padding missing", "PLAIN YW5uYQ"},
        {"padding in the middle", "PLAIN YW==5uYQ"},
        {"two responses", "PLAIN YW5uYQ== YW5uYQ=="},
        {"two =", "PLAIN =="},
        {"a password in clear", "LOGIN anna@example.com"},
        {"longer than RFC 4954 asks for", "PLAIN " + std::string(12'288, 'A'),
         ErrorKind::too_large},
    };
    for (const auto& row : rows) {
        const auto got = parse_auth(row.argument);
        ASSERT_FALSE(got) << row.name;
        EXPECT_EQ(got.error().kind, row.kind) << row.name;
        EXPECT_FALSE(got.error().mend.empty()) << row.name;
        EXPECT_EQ((got.error().text + got.error().mend).find("anna"), std::string::npos)
            << row.name;
    }
}

TEST(ParseAuth, ALineOfTheAllowedLengthPasses) {
    const std::string response = base64::encode(std::string(9'000, 'x'));
    const auto got = parse_auth("PLAIN " + response);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->initial_response.size(), 9'000u);
}

TEST(ParsePlain, Rows) {
    struct Row {
        const char* name;
        std::string_view decoded;
        std::string_view login;
        std::string_view password;
    };

    const Row rows[] = {
        {"usual", "\0anna@example.com\0correct horse"sv, "anna@example.com", "correct horse"},
        {"authzid repeats the login", "anna\0anna\0x"sv, "anna", "x"},
        {"authzid repeats it in another case", "ANNA@x.test\0Anna@X.test\0x"sv, "Anna@X.test", "x"},
        {"octets are not looked at", "\0\xfc\0\xff"sv, "\xfc", "\xff"},
        {"spaces are kept", "\0 a \0 b "sv, " a ", " b "},
    };
    for (const auto& row : rows) {
        const auto got = parse_plain(row.decoded);
        ASSERT_TRUE(got) << row.name;
        EXPECT_EQ(got->login, row.login) << row.name;
        EXPECT_EQ(got->password.reveal(), row.password) << row.name;
    }
}

TEST(ParsePlain, Refused) {
    struct Row {
        const char* name;
        std::string decoded;
        ErrorKind kind = ErrorKind::syntax;
    };

    const Row rows[] = {
        {"empty", ""},
        {"no NUL", "anna"},
        {"one NUL", std::string("anna\0x"sv)},
        {"three NULs", std::string("\0anna\0x\0"sv)},
        {"NUL in the password", std::string("\0anna\0x\0y"sv)},
        {"only NULs", std::string("\0\0"sv)},
        {"empty login", std::string("\0\0x"sv)},
        {"empty password", std::string("\0anna\0"sv)},
        {"empty password with authzid", std::string("anna\0anna\0"sv)},
        {"somebody else", std::string("admin\0anna\0x"sv), ErrorKind::denied},
        {"somebody of a longer name", std::string("Anna2\0anna\0x"sv), ErrorKind::denied},
        {"long login", std::string("\0"sv) + std::string(256, 'a') + std::string("\0x"sv),
         ErrorKind::too_large},
        {"long password", std::string("\0a\0"sv) + std::string(4097, 'a'), ErrorKind::too_large},
    };
    for (const auto& row : rows) {
        const auto got = parse_plain(row.decoded);
        ASSERT_FALSE(got) << row.name;
        EXPECT_EQ(got.error().kind, row.kind) << row.name;
        EXPECT_EQ((got.error().text + got.error().mend).find("anna"), std::string::npos)
            << row.name;
    }
}

TEST(PlainResponse, IsWhatTheServerSideReads) {
    EXPECT_EQ(plain_response("anna@example.com", Secret("correct horse")),
              "AGFubmFAZXhhbXBsZS5jb20AY29ycmVjdCBob3JzZQ==");
    const auto auth = parse_auth("PLAIN " + plain_response("u", Secret("p")));
    ASSERT_TRUE(auth);
    const auto credentials = parse_plain(auth->initial_response);
    ASSERT_TRUE(credentials);
    EXPECT_EQ(credentials->login, "u");
    EXPECT_EQ(credentials->password.reveal(), "p");
}

TEST(Prompts, AreExact) {
    EXPECT_EQ(base64::decode(kUsernamePrompt), "Username:");
    EXPECT_EQ(base64::decode(kPasswordPrompt), "Password:");
}

}  // namespace
}  // namespace posthaste::smtp
