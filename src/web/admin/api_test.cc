// The admin API over a real store and a real queue, with a courier that answers by local part.
#include "web/admin/api.h"

#include "accounts/testing.h"
#include "base/file.h"
#include "formats/json.h"
#include "formats/url.h"
#include "runtime/run.h"

#include <filesystem>
#include <future>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

using formats::JsonValue;
using runtime::Task;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class FakeCourier final : public queue::Courier {
  public:
    Task<queue::Location> locate(mail::Domain domain, std::string) override {
        queue::Location location;
        if (domain.ascii() == "held.example")
            location.hold = true;
        else
            location.site = queue::Site{"mx:" + domain.ascii(), 10, 100, false, Seconds(60)};
        co_return location;
    }

    Task<queue::ParcelReport> deliver(queue::Parcel parcel) override {
        queue::ParcelReport report;
        report.signal = queue::SiteSignal::good;
        for (const auto& recipient : parcel.recipients) {
            mail::Outcome outcome;
            const bool later = recipient.address.local() == "later";
            outcome.verdict = later ? mail::Verdict::deferred : mail::Verdict::delivered;
            outcome.code = later ? 450 : 250;
            outcome.status = {static_cast<std::uint8_t>(later ? 4 : 2), 2, 0};
            outcome.reply = later ? "4.2.0 come back later" : "2.2.0 fine";
            outcome.remote_host = "mx.example.net";
            report.outcomes.emplace_back(recipient.index, outcome);
        }
        MutexLock lock(mutex_);
        parcels_.push_back(std::move(parcel));
        co_return report;
    }

    std::vector<queue::Parcel> parcels() {
        MutexLock lock(mutex_);
        return parcels_;
    }

  private:
    Mutex mutex_;
    std::vector<queue::Parcel> parcels_ PH_GUARDED_BY(mutex_);
};

class AdminApiTest : public ::testing::Test {
  protected:
    AdminApiTest() {
        workers_.start();
        queue::Queue::Options options;
        options.hostname = "mail.example.com";
        options.admin = "postmaster@example.com";
        queue_.emplace(options, store_.store(), courier_, workers_, blocking_, store_.log(),
                       [this](const Event& event) { hub_.publish(event); });
        PH_ASSERT(queue_->start().has_value());
        add_admin_api(router_,
                      {store_.store(), *queue_, blocking_, &hub_, "mail.example.com", "1.2.3"});
        add_admin_api(offline_,
                      {store_.store(), *queue_, blocking_, nullptr, "mail.example.com", "1.2.3"});
        store_.add_domain("example.com");
    }

    ~AdminApiTest() override {
        std::promise<void> stopped;
        queue_->stop(Deadline::after(Seconds(5)), [&] { stopped.set_value(); });
        stopped.get_future().wait();
        workers_.stop_and_join();
        blocking_.stop();
    }

    HttpResponse ask_of(const Router& router, std::string method, std::string_view target,
                        std::string body) {
        runtime::Worker worker("client");
        HttpRequest request;
        request.method = std::move(method);
        request.body = std::move(body);
        EXPECT_TRUE(request.set_target(target).has_value()) << target;
        return runtime::run_to_end(worker, store_.log(), router.route(request)).value();
    }

    HttpResponse ask(std::string method, std::string_view target, std::string body = {}) {
        return ask_of(router_, std::move(method), target, std::move(body));
    }

    JsonValue json(std::string method, std::string_view target, std::string body = {},
                   int status = 200) {
        const auto response = ask(std::move(method), target, std::move(body));
        EXPECT_EQ(response.status, status) << target << ": " << response.body;
        return JsonValue::parse(response.body).value();
    }

    // A refusal that names its mend.
    void expect_refusal(std::string method, std::string_view target, const std::string& body,
                        int status) {
        const auto response = ask(std::move(method), target, body);
        EXPECT_EQ(response.status, status) << target << ' ' << body << ": " << response.body;
        const auto value = JsonValue::parse(response.body).value();
        EXPECT_NE(text(value, "error"), "") << target << ' ' << body;
        EXPECT_NE(text(value, "mend"), "") << target << ' ' << body;
        EXPECT_NE(text(value, "kind"), "") << target << ' ' << body;
    }

    static std::string text(const JsonValue& value, std::string_view key) {
        const auto* found = value.find(key);
        return found == nullptr ? std::string()
                                : std::string(found->as_string().value_or(std::string_view()));
    }

    static std::int64_t number(const JsonValue& value, std::string_view key) {
        const auto* found = value.find(key);
        return found == nullptr ? -1 : found->as_int().value_or(-2);
    }

    static bool flag(const JsonValue& value, std::string_view key) {
        const auto* found = value.find(key);
        return found != nullptr && found->as_bool().value_or(false);
    }

    // Sends a message and waits for its first event of that name.
    std::string send(const std::string& to, std::string_view until) {
        const auto sent =
            json("POST", "/v1/send", R"({"from":"anna@example.com","to":[")" + to + R"("]})", 201);
        auto id = text(sent, "id");
        std::int64_t after = 0;
        for (int i = 0; i < 20; ++i) {
            const auto events =
                json("GET", fmt::format("/v1/events/{}?after={}&timeout=20", id, after));
            for (const auto& event : events.find("events")->items()) {
                after = number(event, "number");
                if (text(event, "event") == until) return id;
            }
        }
        ADD_FAILURE() << "no event " << until;
        return id;
    }

    accounts::testing::TempStore store_;
    FakeCourier courier_;
    EventHub hub_;
    runtime::BlockingPool blocking_{"blocking", 2, 1000};
    runtime::WorkerPool workers_{2};
    std::optional<queue::Queue> queue_;
    Router router_, offline_;
};

TEST_F(AdminApiTest, sign_ins_are_told_with_their_mend) {
    accounts::SignIn refused;
    refused.when = now();
    refused.account = refused.login = "anna@example.com";
    refused.known = true;
    refused.client = *IpAddress::parse("203.0.113.7");
    refused.outcome = "R3";
    accounts::SignInLog log;
    log.add(refused);
    store::LazyWriter(store_.store().committer(), {&log}).flush();  // as a server that ended

    const auto seen = json("GET", "/v1/sign-ins?who=Anna@EXAMPLE.com");
    EXPECT_EQ(text(seen, "who"), "anna@example.com");
    EXPECT_FALSE(flag(seen, "live"));
    ASSERT_EQ(seen.find("sign_ins")->items().size(), 1u);
    const auto& one = seen.find("sign_ins")->items()[0];
    EXPECT_EQ(text(one, "outcome"), "R3");
    EXPECT_NE(text(one, "cause"), "");
    EXPECT_FALSE(one.find("mend")->items().empty());
    EXPECT_TRUE(seen.find("reasons")->items().empty());
    EXPECT_EQ(json("GET", "/v1/sign-ins?who=203.0.113.7").find("sign_ins")->items().size(), 1u);

    const auto nothing = json("GET", "/v1/sign-ins?who=bob@example.com");
    EXPECT_TRUE(nothing.find("sign_ins")->items().empty());
    EXPECT_FALSE(nothing.find("reasons")->items().empty());
    expect_refusal("GET", "/v1/sign-ins", "", 400);
    expect_refusal("GET", "/v1/sign-ins?who=" + std::string(300, 'a'), "", 400);
}

TEST_F(AdminApiTest, domains_come_and_go) {
    EXPECT_TRUE(flag(json("POST", "/v1/domains", R"({"name":"Example.NET"})"), "done"));
    const auto list = json("GET", "/v1/domains");
    ASSERT_EQ(list.find("domains")->items().size(), 2u);
    EXPECT_EQ(text(list.find("domains")->items()[1], "name"), "example.net");
    expect_refusal("POST", "/v1/domains", R"({"name":"example.net"})", 409);
    EXPECT_TRUE(flag(json("DELETE", "/v1/domains/example.net"), "done"));
    expect_refusal("DELETE", "/v1/domains/example.net", "", 404);
}

TEST_F(AdminApiTest, accounts_live_their_whole_life) {
    const auto made =
        json("POST", "/v1/accounts", R"({"address":"anna@example.com","name":"Anna"})", 201);
    EXPECT_FALSE(text(made, "app_password").empty());
    const auto account = json("GET", "/v1/accounts/anna%40example.com");
    EXPECT_EQ(text(account, "name"), "Anna");
    EXPECT_FALSE(flag(account, "password"));
    json("POST", "/v1/accounts/anna%40example.com/password", R"({"password":"four random words"})");
    json("POST", "/v1/accounts/anna%40example.com/disable");
    json("POST", "/v1/accounts/anna%40example.com/addresses/sales%40example.com");
    const auto changed = json("GET", "/v1/accounts/anna%40example.com");
    EXPECT_TRUE(flag(changed, "password"));
    EXPECT_TRUE(flag(changed, "disabled"));
    EXPECT_EQ(changed.find("also")->items()[0].as_string(), "sales@example.com");
    json("POST", "/v1/accounts/anna%40example.com/enable");
    json("DELETE", "/v1/accounts/anna%40example.com/addresses/sales%40example.com");
    EXPECT_FALSE(flag(json("GET", "/v1/accounts/anna%40example.com"), "disabled"));
    EXPECT_EQ(json("GET", "/v1/accounts").find("accounts")->items().size(), 1u);
    json("DELETE", "/v1/accounts/anna%40example.com");
    expect_refusal("GET", "/v1/accounts/anna%40example.com", "", 404);
}

TEST_F(AdminApiTest, an_address_may_hold_a_slash) {
    json("POST", "/v1/accounts", R"({"address":"a/b@example.com","password":"four random words"})",
         201);
    EXPECT_EQ(
        text(json("GET", "/v1/accounts/" + formats::percent_encode("a/b@example.com")), "address"),
        "a/b@example.com");
}

TEST_F(AdminApiTest, secrets_are_said_once_and_never_in_lists) {
    json("POST", "/v1/accounts", R"({"address":"anna@example.com","password":"four random words"})",
         201);
    const auto made =
        json("POST", "/v1/accounts/anna%40example.com/app-passwords", R"({"name":"Scanner"})", 201);
    const auto secret = text(made, "app_password");
    EXPECT_FALSE(secret.empty());
    for (const char* target : {"/v1/accounts", "/v1/accounts/anna%40example.com",
                               "/v1/accounts/anna%40example.com/app-passwords"})
        EXPECT_THAT(ask("GET", target).body,
                    AllOf(Not(HasSubstr(secret)), Not(HasSubstr("four random words")),
                          Not(HasSubstr("argon2"))));
    json("DELETE", "/v1/accounts/anna%40example.com/app-passwords/" + text(made, "id"));
    EXPECT_TRUE(json("GET", "/v1/accounts/anna%40example.com/app-passwords")
                    .find("app_passwords")
                    ->items()
                    .empty());
    expect_refusal("DELETE", "/v1/accounts/anna%40example.com/app-passwords/" + text(made, "id"),
                   "", 404);
}

TEST_F(AdminApiTest, refuses_what_it_cannot_read_and_says_what_to_send) {
    const std::pair<const char*, const char*> rows[] = {
        {"/v1/domains", "{}"},
        {"/v1/domains", R"({"name":7})"},
        {"/v1/domains", R"({"name":"-.-"})"},
        {"/v1/domains", "[]"},
        {"/v1/accounts", R"({"address":"anna@example.com","password":12345678})"},
        {"/v1/accounts", R"({"address":"anna"})"},
        {"/v1/queue/hold", "{}"},
        {"/v1/queue/hold", R"({"ids":"all"})"},
        {"/v1/queue/hold", R"({"ids":["x"]})"},
        {"/v1/queue/cancel", R"({"all":"true"})"},
        {"/v1/queue/cancel", R"({"all":true,"report":"yes"})"},
        {"/v1/queue/retry", R"({"domain":"a b"})"},
        {"/v1/backup", "{}"},
        {"/v1/backup", R"({"folder":"relative"})"},
        {"/v1/send", R"({"from":"anna@example.com","to":[]})"},
        {"/v1/send", R"({"from":"anna@example.com","to":[1]})"},
        {"/v1/send",
         R"({"from":"anna@example.com","to":["b@example.org"],"subject":"a\nBcc: x@example.org"})"},
    };
    for (const auto& [target, body] : rows) expect_refusal("POST", target, body, 400);
    for (const char* target : {"/v1/queue?limit=many", "/v1/queue?after=x",
                               "/v1/queue?domain=a%20b", "/v1/queue/x", "/v1/events/x"})
        expect_refusal("GET", target, "", 400);
    EXPECT_EQ(ask("POST", "/v1/domains", "{").status, 400);
    EXPECT_TRUE(json("GET", "/v1/accounts").find("accounts")->items().empty());
}

TEST_F(AdminApiTest, sends_a_message_that_is_whole) {
    json("POST", "/v1/accounts", R"({"address":"anna@example.com"})", 201);
    send("bob@example.org", "delivered");
    ASSERT_EQ(courier_.parcels().size(), 1u);
    const auto parcel = courier_.parcels()[0];
    EXPECT_EQ(parcel.message->account, "anna@example.com");
    for (const char* field : {"Received: ", "From: anna@example.com\r\n", "To: bob@example.org\r\n",
                              "Subject: Test from Posthaste\r\n", "Date: ", "Message-ID: <",
                              "MIME-Version: 1.0\r\n", "Content-Transfer-Encoding: 7bit\r\n"})
        EXPECT_THAT(*parcel.message->header, HasSubstr(field));
    EXPECT_EQ(parcel.message->body_type, mail::BodyType::seven_bit);
}

TEST_F(AdminApiTest, sends_beyond_ascii_as_ascii) {
    json("POST", "/v1/accounts", R"({"address":"anna@example.com"})", 201);
    const auto sent = json(
        "POST", "/v1/send",
        R"({"from":"anna@example.com","to":["bob@example.org"],"subject":"Grüße","text":"Zeile\n.ü\n"})",
        201);
    json("GET", "/v1/events/" + text(sent, "id") + "?after=0&timeout=20");
    while (courier_.parcels().empty()) std::this_thread::yield();
    const auto parcel = courier_.parcels()[0];
    EXPECT_THAT(*parcel.message->header, AllOf(HasSubstr("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?="),
                                               HasSubstr("quoted-printable")));
    EXPECT_FALSE(parcel.message->smtputf8);
    auto content = store_.store().read_content(*parcel.message);
    if (content) {  // it may have ended, and gone, by now
        EXPECT_EQ(content->next().value_or("Zeile\r\n.=C3=BC\r\n"), "Zeile\r\n.=C3=BC\r\n");
    }
}

TEST_F(AdminApiTest, sends_only_for_accounts_and_only_with_a_server) {
    expect_refusal("POST", "/v1/send", R"({"from":"nobody@example.com","to":["b@example.org"]})",
                   404);
    json("POST", "/v1/accounts", R"({"address":"anna@example.com"})", 201);
    json("POST", "/v1/accounts/anna%40example.com/addresses/sales%40example.com");
    EXPECT_EQ(
        ask("POST", "/v1/send", R"({"from":"Sales@example.com","to":["b@example.org"]})").status,
        201);
    json("POST", "/v1/accounts/anna%40example.com/disable");
    expect_refusal("POST", "/v1/send", R"({"from":"anna@example.com","to":["b@example.org"]})",
                   403);
    const auto offline = ask_of(offline_, "POST", "/v1/send",
                                R"({"from":"anna@example.com","to":["b@example.org"]})");
    EXPECT_EQ(offline.status, 503);
    EXPECT_THAT(offline.body, HasSubstr("posthaste serve"));
}

TEST_F(AdminApiTest, shows_what_waits_and_why) {
    json("POST", "/v1/accounts", R"({"address":"anna@example.com"})", 201);
    const auto id = send("later@example.org", "deferred");
    const auto list = json("GET", "/v1/queue?domain=EXAMPLE.org&sender=anna%40example.com");
    ASSERT_EQ(list.find("messages")->items().size(), 1u);
    EXPECT_TRUE(list.find("more_after")->is_null());
    const auto& message = list.find("messages")->items()[0];
    EXPECT_EQ(text(message, "id"), id);
    EXPECT_EQ(text(message, "sender"), "anna@example.com");
    const auto& recipient = message.find("recipients")->items()[0];
    EXPECT_EQ(text(recipient, "address"), "later@example.org");
    EXPECT_EQ(text(recipient, "state"), "deferred");
    EXPECT_EQ(number(recipient, "attempts"), 1);
    EXPECT_EQ(number(recipient, "code"), 450);
    EXPECT_THAT(text(recipient, "reply"), HasSubstr("come back later"));
    EXPECT_GT(number(recipient, "next_in_s"), 0);
    const auto one = json("GET", "/v1/queue/" + id);
    EXPECT_EQ(text(one, "subject"), "Test from Posthaste");
    EXPECT_EQ(number(one, "size"), number(message, "size"));
    EXPECT_TRUE(json("GET", "/v1/queue?domain=other.example").find("messages")->items().empty());
    expect_refusal("GET", "/v1/queue/" + QueueId::make().to_string(), "", 404);
    const auto status = json("GET", "/v1/status");
    EXPECT_EQ(number(status, "messages"), 1);
    EXPECT_EQ(text(status, "store"), "ok");
    EXPECT_EQ(text(status, "version"), "1.2.3");
    EXPECT_TRUE(flag(status, "running"));
    // What nobody looks after here is not told.
    EXPECT_EQ(status.find("tls_reports"), nullptr);
    EXPECT_EQ(status.find("logins"), nullptr);
    EXPECT_EQ(number(*status.find("sts_policies"), "enforce"), 0);
}

TEST_F(AdminApiTest, pages_through_the_queue) {
    json("POST", "/v1/accounts", R"({"address":"anna@example.com"})", 201);
    for (int i = 0; i < 5; ++i) send("later@example.org", "deferred");
    std::string after;
    std::size_t seen = 0;
    for (int page = 0; page < 4; ++page) {
        const auto list =
            json("GET", "/v1/queue?limit=2" + (after.empty() ? "" : "&after=" + after));
        seen += list.find("messages")->items().size();
        if (list.find("more_after")->is_null()) break;
        after = text(list, "more_after");
    }
    EXPECT_EQ(seen, 5u);
}

TEST_F(AdminApiTest, people_hold_release_retry_and_cancel) {
    json("POST", "/v1/accounts", R"({"address":"anna@example.com"})", 201);
    const auto id = send("later@example.org", "deferred");
    const auto named = R"({"ids":[")" + id + R"("]})";
    EXPECT_EQ(number(json("POST", "/v1/queue/hold", named), "messages"), 1);
    EXPECT_EQ(json("GET", "/v1/queue?held=1").find("messages")->items().size(), 1u);
    EXPECT_EQ(text(json("GET", "/v1/queue/" + id).find("recipients")->items()[0], "state"), "held");
    EXPECT_EQ(number(json("POST", "/v1/queue/release", R"({"all":true})"), "messages"), 1);
    EXPECT_TRUE(json("GET", "/v1/queue?held=1").find("messages")->items().empty());
    EXPECT_EQ(number(json("POST", "/v1/queue/retry", R"({"domain":"Example.ORG"})"), "messages"),
              1);
    EXPECT_EQ(number(json("POST", "/v1/queue/retry", R"({"domain":"other.example"})"), "messages"),
              0);
    EXPECT_EQ(number(json("POST", "/v1/queue/cancel", named), "messages"), 1);
    EXPECT_EQ(number(json("POST", "/v1/queue/cancel", named), "messages"), 0);
    EXPECT_TRUE(json("GET", "/v1/queue").find("messages")->items().empty());
}

TEST_F(AdminApiTest, following_ends_empty_when_nothing_comes) {
    EXPECT_TRUE(json("GET", "/v1/events/" + QueueId::make().to_string() + "?timeout=0")
                    .find("events")
                    ->items()
                    .empty());
    EXPECT_EQ(ask_of(offline_, "GET", "/v1/events/" + QueueId::make().to_string(), "").status, 503);
}

TEST_F(AdminApiTest, backs_up_into_an_empty_folder_only) {
    store::testing::TempFolder folder;
    const auto body = R"({"folder":")" + (folder / "copy") + R"("})";
    EXPECT_TRUE(flag(json("POST", "/v1/backup", body), "done"));
    EXPECT_FALSE(std::filesystem::is_empty(folder / "copy"));
    EXPECT_GE(ask("POST", "/v1/backup", body).status, 400);
}

}  // namespace
}  // namespace posthaste::web
