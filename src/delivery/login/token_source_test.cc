#include "delivery/login/token_source.h"

#include "delivery/login/logins.h"
#include "delivery/login/oauth_mend.h"
#include "delivery/testing.h"

#include <atomic>
#include <condition_variable>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing_tools::Loop;
using Answer = std::expected<Secret, TokenRefusal>;

class TokenSourceTest : public ::testing::Test {
  protected:
    TokenSourceTest() {
        auto opened = store::Store::open(
            {.path = folder_ / "store", .create = true, .committer = {}, .content_memory = 1 << 20},
            loop_.log);
        PH_ASSERT(opened.has_value());
        store_ = std::move(*opened);
        settings_->token_url = "https://login.example.com/token";
        settings_->client_id = "app-1";
        settings_->client_secret = Secret("secret-word");
        settings_->user = "relay@example.com";
    }

    std::unique_ptr<TokenSource> source(TokenSource::Fetch fetch) {
        auto made = std::make_unique<TokenSource>(settings_, *store_, loop_.log, std::move(fetch));
        made->start();
        return made;
    }

    Answer token(TokenSource& from, Seconds wait = Seconds(10)) {
        auto got = loop_.run(from.token(Deadline::after(wait)));
        PH_ASSERT(got.has_value());
        return std::move(*got);
    }

    static net::HttpAnswer says(int status, std::string body) {
        net::HttpAnswer answer;
        answer.status = status;
        answer.body = std::move(body);
        return answer;
    }

    Loop loop_;
    store::testing::TempFolder folder_;
    std::unique_ptr<store::Store> store_;
    std::shared_ptr<OAuthSettings> settings_ = std::make_shared<OAuthSettings>();
};

runtime::Task<void> take(TokenSource& from, std::vector<std::string>& got) {
    auto waiting = from.token(Deadline::after(Seconds(10)));
    auto token = co_await std::move(waiting);
    got.emplace_back(token ? token->reveal() : token.error().text);
}

runtime::Task<int> take_ten(runtime::Worker& worker, Log& log, TokenSource& from,
                            std::vector<std::string>& got) {
    runtime::TaskGroup group(worker, log);
    for (int i = 0; i < 10; ++i) group.spawn(take(from, got));
    auto ending = group.wait_empty(Deadline::after(Seconds(10)));
    co_await std::move(ending);
    auto closing = group.close();
    co_await std::move(closing);
    co_return 0;
}

TEST_F(TokenSourceTest, TenThatWaitAskOnce) {
    std::atomic<int> asked = 0;
    auto from = source([&](const net::HttpCall&) -> Result<net::HttpAnswer> {
        ++asked;
        return says(200, R"({"access_token":"t1","expires_in":3600})");
    });
    std::vector<std::string> got;
    loop_.run(take_ten(loop_.workers[0], loop_.log, *from, got));
    EXPECT_EQ(got, std::vector<std::string>(10, "t1"));
    EXPECT_EQ(asked, 1);
    EXPECT_TRUE(from->report().until.has_value());
}

TEST_F(TokenSourceTest, ARefusedTokenIsFetchedAnew) {
    std::atomic<int> asked = 0;
    auto from = source([&](const net::HttpCall&) -> Result<net::HttpAnswer> {
        return says(200, fmt::format(R"({{"access_token":"t{}","expires_in":3600}})", ++asked));
    });
    EXPECT_EQ(token(*from)->reveal(), "t1");
    from->refused(Secret("t1"));
    EXPECT_EQ(token(*from)->reveal(), "t2");
    from->refused(Secret("t1"));
    EXPECT_EQ(token(*from)->reveal(), "t2");
}

TEST_F(TokenSourceTest, ARefusalComesAtOnceAndWithItsMend) {
    std::atomic<int> asked = 0;
    auto from = source([&](const net::HttpCall&) -> Result<net::HttpAnswer> {
        ++asked;
        return says(401, R"({"error":"invalid_client","error_description":"secret-word is bad"})");
    });
    for (int i = 0; i < 5; ++i) {
        const auto none = token(*from);
        ASSERT_FALSE(none);
        EXPECT_EQ(none.error().kind, TokenRefusal::Kind::setting);
        EXPECT_THAT(none.error().text, Not(HasSubstr("secret-word")));
        EXPECT_THAT(none.error().mend, HasSubstr("client_secret_file"));
    }
    EXPECT_EQ(asked, 1) << "nobody hammers the token server";
    EXPECT_THAT(from->report().trouble, HasSubstr("invalid_client"));
}

TEST_F(TokenSourceTest, NobodyHasSignedInYetAndThenSomebodyDoes) {
    settings_->grant = Grant::refresh_token;
    std::string sent;
    auto from = source([&](const net::HttpCall& call) -> Result<net::HttpAnswer> {
        sent = call.body;
        return says(200, R"({"access_token":"t1","expires_in":3600,"refresh_token":"r2"})");
    });
    const auto none = token(*from);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, TokenRefusal::Kind::sign_in);
    EXPECT_TRUE(from->report().sign_in_needed);
    TokenVault vault(*store_);
    ASSERT_TRUE(vault.put(settings_->name(), Secret("r1")));
    from->signed_in();
    EXPECT_EQ(token(*from)->reveal(), "t1");
    EXPECT_THAT(sent, HasSubstr("refresh_token=r1"));
    // The new one was on disk before the token came out.
    EXPECT_EQ(vault.get(settings_->name()).value().value().reveal(), "r2");
}

TEST_F(TokenSourceTest, ARotatedTokenThatCannotBeKeptIsNotUsed) {
    settings_->grant = Grant::refresh_token;
    TokenVault vault(*store_);
    ASSERT_TRUE(vault.put(settings_->name(), Secret("r1")));
    store_->report_failure("the disk is gone");
    auto from = source([&](const net::HttpCall&) -> Result<net::HttpAnswer> {
        return says(200, R"({"access_token":"t1","expires_in":3600,"refresh_token":"r2"})");
    });
    const auto none = token(*from);
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().text, HasSubstr("cannot be written"));
}

TEST_F(TokenSourceTest, WhoWaitsIsToldWhenTheServerStops) {
    std::atomic<bool> asked = false;
    std::mutex gate;
    std::unique_lock<std::mutex> shut(gate);
    auto from = source([&](const net::HttpCall&) -> Result<net::HttpAnswer> {
        asked = true;
        const std::lock_guard<std::mutex> wait(gate);
        return fail(ErrorKind::cancelled, "the server stops");
    });
    const auto late = token(*from, Seconds(1));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, TokenRefusal::Kind::passing);
    shut.unlock();
    from->stop();
    const auto none = token(*from);
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().text, HasSubstr("stopping"));
}

TEST_F(TokenSourceTest, TheVaultHidesAndOpensForItsOwnNameOnly) {
    TokenVault vault(*store_);
    EXPECT_FALSE(vault.get("a").value().has_value());
    ASSERT_TRUE(vault.put("a", Secret("refresh-of-a")));
    ASSERT_TRUE(vault.put("a", Secret("refresh-of-a-2")));
    EXPECT_EQ(vault.get("a").value().value().reveal(), "refresh-of-a-2");
    auto row = store_->engine().kept("oauth", "a").value().value();
    EXPECT_EQ(row.value.find("refresh"), std::string::npos);
    row.key = "b";
    store::Changes changes;
    changes.emplace_back(store::PutKept{row});
    ASSERT_TRUE(store_->committer().submit_and_wait(std::move(changes)));
    EXPECT_FALSE(vault.get("b")) << "another login's";
}

smtp::Reply reply(int code, mail::EnhancedStatus status, std::string text) {
    smtp::Reply made;
    made.code = code;
    made.status = status;
    made.lines = {std::move(text)};
    return made;
}

TEST(LoginMend, NamesTheSettingAndTheMailbox) {
    Smarthost microsoft;
    microsoft.host = "smtp.office365.com";
    microsoft.username = "relay@example.com";
    Smarthost by_token = microsoft;
    by_token.oauth = std::make_shared<OAuthSettings>();
    Smarthost google;
    google.host = "smtp.gmail.com";
    google.username = "relay@example.com";

    struct Row {
        const char* name;
        const Smarthost& smarthost;
        smtp::Reply said;
        const char* mend;
    };

    const Row rows[] = {
        {"mailbox", by_token,
         reply(
             535, {5, 7, 139},
             "Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."),
         "Set-CASMailbox -Identity relay@example.com -SmtpClientAuthenticationDisabled $false"},
        {"tenant", by_token,
         reply(535, {5, 7, 139},
               "Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."),
         "Set-TransportConfig"},
        {"policy", by_token, reply(535, {5, 7, 139}, "Authentication unsuccessful"),
         "Security Defaults"},
        {"federation", microsoft,
         reply(535, {5, 7, 139},
               "Authentication unsuccessful, federated STS service was unreachable."),
         "federation"},
        {"not after all", microsoft, reply(504, {5, 7, 4}, "Unrecognized authentication type"),
         "mechanisms"},
        {"basic off", microsoft,
         reply(535, {5, 7, 139}, "Authentication unsuccessful, basic authentication is disabled."),
         "auth = \"oauth\""},
        {"basic gone", microsoft,
         reply(550, {5, 7, 30}, "Basic authentication is not supported for Client Submission."),
         "auth = \"oauth\""},
        {"wrong password", microsoft, reply(535, {5, 7, 3}, "Authentication unsuccessful"),
         "December 2026"},
        {"wrong principal", by_token, reply(535, {5, 7, 3}, "Authentication unsuccessful"),
         "Enterprise application"},
        {"Google's app password", google,
         reply(535, {5, 7, 8}, "Username and Password not accepted."), "apppasswords"},
    };
    for (const Row& row : rows)
        EXPECT_THAT(login_mend(row.smarthost, row.said), HasSubstr(row.mend)) << row.name;
    Smarthost other;
    other.host = "smtp.example.net";
    EXPECT_EQ(login_mend(other, reply(535, {5, 7, 8}, "no")), "");
}

TEST(LoginMend, AMailboxThatIsACommandIsNotPrinted) {
    EXPECT_EQ(in_command("relay@example.com"), "relay@example.com");
    EXPECT_EQ(in_command("x; Remove-Mailbox y"), "<mailbox>");
    EXPECT_EQ(in_command("$(reboot)"), "<mailbox>");
    EXPECT_EQ(in_command(""), "<mailbox>");
}

}  // namespace
}  // namespace posthaste::delivery
