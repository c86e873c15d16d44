#include "delivery/login/oauth_exchange.h"

#include "base/base64.h"
#include "formats/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = TokenRefusal::Kind;

OAuthSettings settings(Grant grant = Grant::client_secret) {
    OAuthSettings made;
    made.grant = grant;
    made.token_url = "https://login.example.com/t/token";
    made.device_url = "https://login.example.com/t/devicecode";
    made.auth_url = "https://login.example.com/t/authorize";
    made.client_id = "app-1";
    made.client_secret = Secret("s3cret&+ word");
    made.scope = "https://outlook.office365.com/.default";
    made.user = "relay@example.com";
    return made;
}

formats::QueryPairs form_of(const net::HttpCall& call) {
    EXPECT_EQ(call.method, "POST");
    EXPECT_EQ(call.content_type, "application/x-www-form-urlencoded");
    return formats::parse_query(call.body).value();
}

std::string field(const net::HttpCall& call, std::string_view name) {
    return std::string(formats::find_pair(form_of(call), name).value_or("-"));
}

net::HttpAnswer answer(int status, std::string body) {
    net::HttpAnswer made;
    made.status = status;
    made.body = std::move(body);
    return made;
}

TEST(TokenRequest, ClientSecret) {
    const auto call = token_request(settings(), Secret(), now()).value();
    EXPECT_EQ(call.url, "https://login.example.com/t/token");
    EXPECT_EQ(field(call, "grant_type"), "client_credentials");
    EXPECT_EQ(field(call, "client_id"), "app-1");
    EXPECT_EQ(field(call, "client_secret"), "s3cret&+ word");
    EXPECT_EQ(field(call, "scope"), "https://outlook.office365.com/.default");
}

TEST(TokenRequest, RefreshToken) {
    auto own = settings(Grant::refresh_token);
    own.client_secret = Secret();
    const auto call = token_request(own, Secret("refresh/1"), now()).value();
    EXPECT_EQ(field(call, "grant_type"), "refresh_token");
    EXPECT_EQ(field(call, "refresh_token"), "refresh/1");
    EXPECT_EQ(field(call, "client_secret"), "-") << "a public client has none";
}

TEST(TokenRequest, AKeyThatIsNone) {
    auto own = settings(Grant::client_certificate);
    own.key_pem = Secret("nonsense");
    own.certificate_pem = "nonsense";
    EXPECT_FALSE(token_request(own, Secret(), now()));
}

TEST(TokenAnswer, GoodOnes) {
    struct Row {
        const char* name;
        std::string body;
        std::string token;
        Seconds lifetime;
        std::string refresh;
    };

    const Row rows[] = {
        {"Microsoft's",
         R"({"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"eyJ0.a-b_c.x"})",
         "eyJ0.a-b_c.x", Seconds(3599), ""},
        {"a number as a text", R"({"access_token":"t","expires_in":"120"})", "t", Seconds(120), ""},
        {"without an end", R"({"access_token":"t"})", "t", Seconds(300), ""},
        {"a nonsensical end", R"({"access_token":"t","expires_in":-5})", "t", Seconds(300), ""},
        {"longer than a day", R"({"access_token":"t","expires_in":99999999})", "t",
         std::chrono::hours(24), ""},
        {"rotated", R"({"access_token":"t","token_type":"bearer","refresh_token":"1//0g-x"})", "t",
         Seconds(300), "1//0g-x"},
        {"a refresh token that would break a line is none",
         "{\"access_token\":\"t\",\"refresh_token\":\"a\\u000ab\"}", "t", Seconds(300), ""},
    };
    for (const Row& row : rows) {
        const auto read = read_token_answer(settings(), answer(200, row.body), Secret());
        ASSERT_TRUE(read) << row.name;
        EXPECT_EQ(read->access_token.reveal(), row.token) << row.name;
        EXPECT_EQ(read->lifetime, row.lifetime) << row.name;
        EXPECT_EQ(read->refresh_token.reveal(), row.refresh) << row.name;
    }
}

TEST(TokenAnswer, NoTokenAtAll) {
    const std::string bodies[] = {
        "",
        "<html>login</html>",
        "[]",
        "{}",
        R"({"access_token":7})",
        R"({"access_token":""})",
        // It would end the exchange and begin another one (RFC 6750 §2.1).
        "{\"access_token\":\"t\\u0001\\u0001auth=Bearer x\"}",
        "{\"access_token\":\"t\\r\\nMAIL FROM:<>\"}",
        R"({"access_token":"t","token_type":"mac"})",
        R"({"access_token":")" + std::string(kMostToken + 1, 't') + R"("})",
    };
    for (const auto& body : bodies) {
        const auto read = read_token_answer(settings(), answer(200, body), Secret());
        ASSERT_FALSE(read) << body.substr(0, 80);
        EXPECT_EQ(read.error().kind, Kind::setting);
        EXPECT_THAT(read.error().text, HasSubstr("login.example.com"));
        EXPECT_THAT(read.error().text, Not(HasSubstr("mac"))) << "it may be anything, a secret too";
    }
}

TEST(TokenAnswer, Refusals) {
    struct Row {
        const char* name;
        Grant grant;
        Provider provider;
        int status;
        std::string body;
        Kind kind;
        std::string mend;
    };

    const Row rows[] = {
        {"down", Grant::client_secret, Provider::other, 503, "oops", Kind::passing, ""},
        {"too often", Grant::client_secret, Provider::other, 429, R"({"error":"x"})", Kind::passing,
         ""},
        {"its own trouble", Grant::client_secret, Provider::other, 400,
         R"({"error":"temporarily_unavailable"})", Kind::passing, ""},
        {"expired secret", Grant::client_secret, Provider::microsoft, 401,
         R"({"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired."})",
         Kind::setting, "make a new one in Entra"},
        {"secret's id for its value", Grant::client_secret, Provider::microsoft, 401,
         R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret"})",
         Kind::setting, "secret's id"},
        {"wrong app", Grant::client_secret, Provider::microsoft, 400,
         R"({"error":"unauthorized_client","error_description":"AADSTS700016: Application with identifier 'x' was not found"})",
         Kind::setting, "client_id"},
        {"wrong tenant", Grant::client_secret, Provider::microsoft, 400,
         R"({"error":"invalid_request","error_description":"AADSTS90002: Tenant 'x' not found."})",
         Kind::setting, "tenant"},
        {"wrong clock", Grant::client_certificate, Provider::microsoft, 401,
         R"({"error":"invalid_client","error_description":"AADSTS700024: Client assertion is not within its valid time range."})",
         Kind::setting, "clock"},
        {"a dead sign-in", Grant::refresh_token, Provider::microsoft, 400,
         R"({"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired due to inactivity."})",
         Kind::sign_in, "posthaste relay login"},
        {"a dead sign-in at Google", Grant::refresh_token, Provider::google, 400,
         R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})",
         Kind::sign_in, "seven days"},
        {"no delegation", Grant::service_account, Provider::google, 401,
         R"({"error":"unauthorized_client","error_description":"Client is unauthorized"})",
         Kind::setting, "Domain-wide delegation"},
        {"a service account's clock is no sign-in", Grant::service_account, Provider::google, 400,
         R"({"error":"invalid_grant","error_description":"Invalid JWT: Token must be a short-lived token"})",
         Kind::setting, "clock"},
        {"no OAuth there", Grant::client_secret, Provider::other, 404, "<html>", Kind::setting,
         "token_url"},
        {"waiting", Grant::refresh_token, Provider::microsoft, 400,
         R"({"error":"authorization_pending"})", Kind::waiting, ""},
        {"waiting, too impatiently", Grant::refresh_token, Provider::microsoft, 400,
         R"({"error":"slow_down"})", Kind::slower, ""},
    };
    for (const Row& row : rows) {
        auto own = settings(row.grant);
        own.provider = row.provider;
        const auto read = read_token_answer(own, answer(row.status, row.body), Secret());
        ASSERT_FALSE(read) << row.name;
        EXPECT_EQ(read.error().kind, row.kind) << row.name;
        EXPECT_THAT(read.error().mend, HasSubstr(row.mend)) << row.name;
    }
}

TEST(TokenAnswer, WhatRepeatsASecretIsNotShown) {
    auto own = settings(Grant::refresh_token);
    const std::string body =
        R"({"error":"invalid_grant","error_description":"refresh-77 with s3cret&+ word is bad"})";
    const auto read = read_token_answer(own, answer(400, body), Secret("refresh-77"));
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().text, Not(HasSubstr("refresh-77")));
    EXPECT_THAT(read.error().text, HasSubstr("invalid_grant"));
}

TEST(TokenAnswer, WhatIsShownIsPrintableAndShort) {
    const std::string body = "{\"error\":\"invalid_request\",\"error_description\":\"a\\u001b[31m" +
                             std::string(5000, 'x') + "\\r\\nTrace ID: 1\"}";
    const auto read = read_token_answer(settings(), answer(400, body), Secret());
    ASSERT_FALSE(read);
    EXPECT_LT(read.error().text.size(), 600u);
    EXPECT_THAT(read.error().text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(read.error().text, Not(HasSubstr("Trace")));
}

Secret token_that_says(const std::string& claims) {
    return Secret("eyJ0." + base64::encode_url(claims) + ".c2ln");
}

TEST(DoubtAboutToken, Rows) {
    auto own = settings();
    own.provider = Provider::microsoft;
    EXPECT_EQ(
        doubt_about_token(
            own, token_that_says(
                     R"({"aud":"https://outlook.office365.com","roles":["SMTP.SendAsApp"]})")),
        "");
    EXPECT_THAT(doubt_about_token(own, token_that_says(R"({"aud":"https://graph.microsoft.com"})")),
                HasSubstr("scope"));
    EXPECT_THAT(
        doubt_about_token(
            own, token_that_says(
                     R"({"aud":"https://outlook.office365.com","roles":["IMAP.AccessAsApp"]})")),
        HasSubstr("SMTP.SendAsApp"));
    EXPECT_EQ(doubt_about_token(own, Secret("opaque")), "");
    EXPECT_EQ(doubt_about_token(own, Secret("a.!!!.b")), "");
    auto person = settings(Grant::refresh_token);
    person.provider = Provider::microsoft;
    EXPECT_EQ(
        doubt_about_token(
            person, token_that_says(R"({"aud":"https://outlook.office.com","scp":"SMTP.Send"})")),
        "");
    EXPECT_THAT(
        doubt_about_token(
            person, token_that_says(R"({"aud":"https://outlook.office.com","scp":"Mail.Read"})")),
        HasSubstr("SMTP.Send"));
    EXPECT_EQ(doubt_about_token(settings(), token_that_says(R"({"aud":"x"})")), "")
        << "not Microsoft's";
}

TEST(DeviceFlow, CodeAndPoll) {
    const auto own = settings(Grant::refresh_token);
    EXPECT_EQ(device_request(own).url, own.device_url);
    const auto code = read_device_answer(
        own,
        answer(
            200,
            R"({"device_code":"d1","user_code":"AB-CD","verification_uri":"https://microsoft.com/devicelogin","expires_in":900,"interval":5})"));
    ASSERT_TRUE(code);
    EXPECT_EQ(code->url, "https://microsoft.com/devicelogin");
    EXPECT_EQ(field(device_poll(own, *code), "device_code"), "d1");
    for (const char* body :
         {"", "{}", R"({"device_code":"d","user_code":"u","verification_uri":"javascript:x"})"})
        EXPECT_FALSE(read_device_answer(own, answer(200, body))) << body;
    const auto hasty = read_device_answer(
        own,
        answer(
            200,
            R"({"device_code":"d1","user_code":"U","verification_uri":"https://x","interval":0,"expires_in":99999999})"));
    ASSERT_TRUE(hasty);
    EXPECT_EQ(hasty->interval, Seconds(1));
    EXPECT_LE(hasty->lifetime, std::chrono::hours(1));
}

TEST(BrowserFlow, UrlHoldsTheChallengeAndNotTheVerifier) {
    auto own = settings(Grant::refresh_token);
    own.provider = Provider::google;
    // RFC 7636 §B
    const Secret verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    const auto url = browser_url(own, "http://127.0.0.1:4711/", "state-1", verifier);
    EXPECT_THAT(url, HasSubstr("code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&"));
    EXPECT_THAT(url, Not(HasSubstr(std::string(verifier.reveal()))));
    EXPECT_THAT(url, HasSubstr("redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2F"));
    EXPECT_THAT(url, HasSubstr("access_type=offline"));
    const auto call = code_request(own, "http://127.0.0.1:4711/", Secret("c0de"), verifier);
    EXPECT_EQ(field(call, "code_verifier"), verifier.reveal());
    EXPECT_EQ(field(call, "grant_type"), "authorization_code");
}

TEST(ServiceAccount, Rows) {
    OAuthSettings own;
    ASSERT_TRUE(read_service_account(
        R"({"type":"service_account","client_email":"a@p.iam.gserviceaccount.com","private_key":"-----BEGIN","private_key_id":"k1","token_uri":"https://oauth2.googleapis.com/token"})",
        own));
    EXPECT_EQ(own.client_id, "a@p.iam.gserviceaccount.com");
    EXPECT_EQ(own.key_id, "k1");
    EXPECT_EQ(own.token_url, "https://oauth2.googleapis.com/token");
    for (const char* text :
         {"", "{}", "[]", R"({"type":"authorized_user","client_email":"a","private_key":"b"})",
          R"({"type":"service_account"})", "-----BEGIN PRIVATE KEY-----"}) {
        OAuthSettings none;
        EXPECT_FALSE(read_service_account(text, none)) << text;
    }
}

}  // namespace
}  // namespace posthaste::delivery
