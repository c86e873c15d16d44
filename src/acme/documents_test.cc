#include "acme/documents.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace posthaste::acme {
namespace {

constexpr std::string_view kDirectory =
    R"({"newNonce":"https://a/n","newAccount":"https://a/a","newOrder":"https://a/o","x":1,)"
    R"("meta":{"termsOfService":"https://a/t","externalAccountRequired":true}})";

TEST(AcmeDocuments, a_directory) {
    auto directory = parse_directory(kDirectory);
    ASSERT_TRUE(directory.has_value());
    EXPECT_EQ(directory->new_nonce, "https://a/n");
    EXPECT_EQ(directory->new_order, "https://a/o");
    EXPECT_EQ(directory->terms, "https://a/t");
    EXPECT_TRUE(directory->external_account_required);
}

TEST(AcmeDocuments, what_is_no_directory_is_refused_with_a_mend) {
    for (std::string_view text :
         {"", "<html>", "[]", "{}", R"({"newNonce":"https://a/n"})",
          R"({"newNonce":"http://a/n","newAccount":"https://a/a","newOrder":"https://a/o"})",
          R"({"newNonce":"https://a/n x","newAccount":"https://a/a","newOrder":"https://a/o"})",
          R"({"newNonce":5,"newAccount":"https://a/a","newOrder":"https://a/o"})"}) {
        auto directory = parse_directory(text);
        ASSERT_FALSE(directory.has_value()) << text;
        EXPECT_NE(directory.error().mend.find("acme_directory"), std::string::npos);
    }
}

TEST(AcmeDocuments, an_order) {
    auto order = parse_order(R"({"status":"valid","authorizations":["https://a/1","https://a/2"],)"
                             R"("finalize":"https://a/f","certificate":"https://a/c",)"
                             R"("error":{"type":"urn:ietf:params:acme:error:caa","detail":"no"}})");
    ASSERT_TRUE(order.has_value());
    EXPECT_EQ(order->status, Status::valid);
    EXPECT_EQ(order->authorizations.size(), 2U);
    EXPECT_EQ(order->error->type, "caa");
    for (std::string_view text :
         {R"({"status":"pending"})", R"({"finalize":"https://a/f"})",
          R"({"status":"done","finalize":"https://a/f"})",
          R"({"status":"valid","finalize":"https://a/f"})",
          R"({"status":"pending","finalize":"https://a/f","authorizations":["ftp://a"]})",
          R"({"status":"pending","finalize":"https://a/f","authorizations":[7]})"})
        EXPECT_FALSE(parse_order(text).has_value()) << text;
}

TEST(AcmeDocuments, an_authorization_without_what_cannot_be_answered) {
    auto one = parse_authorization(
        R"({"status":"pending","identifier":{"type":"dns","value":"Mail.A.test"},"challenges":[)"
        R"({"type":"http-01","url":"https://a/1","token":"abc_-9"},)"
        R"({"type":"http-01","url":"https://a/2","token":"../../etc"},)"
        R"({"type":"http-01","url":"https://a/3"},)"
        R"({"type":"http-01","url":"gopher://a","token":"abc"}]})");
    ASSERT_TRUE(one.has_value());
    EXPECT_EQ(one->name, "mail.a.test");
    ASSERT_EQ(one->challenges.size(), 1U);
    EXPECT_EQ(one->challenges[0].token, "abc_-9");
    EXPECT_FALSE(parse_authorization(R"({"status":"pending"})").has_value());
    for (std::string_view ended : {"deactivated", "expired", "revoked", "invalid"}) {
        auto over = parse_authorization(fmt::format(
            R"({{"status":"{}","identifier":{{"type":"dns","value":"a.test"}}}})", ended));
        EXPECT_EQ(over->status, Status::invalid) << ended;
    }
}

TEST(AcmeDocuments, problems_are_printable_and_never_fail) {
    auto problem = parse_problem(
        "{\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"a\\u0007b\"}");
    EXPECT_EQ(problem.type, "rateLimited");
    EXPECT_EQ(problem.detail.find('\a'), std::string::npos);
    for (std::string_view text : {"", "nonsense", "{}", "[1]", "{\"type\":1}"}) {
        EXPECT_EQ(parse_problem(text).type, "") << text;
        EXPECT_FALSE(parse_problem(text).detail.empty()) << text;
    }
    auto parts = parse_problem(
        R"({"type":"x","subproblems":[{"type":"urn:ietf:params:acme:error:dns",)"
        R"("identifier":{"type":"dns","value":"A.test"}},{"identifier":{"type":"ip"}}]})");
    ASSERT_EQ(parts.parts.size(), 2U);
    EXPECT_EQ(parts.parts[0].name, "a.test");
    EXPECT_EQ(parts.parts[1].name, "");
    EXPECT_LE(parse_problem("{\"type\":\"" + std::string(100'000, 'x') + "\"}").type.size(), 400U);
}

}  // namespace
}  // namespace posthaste::acme
