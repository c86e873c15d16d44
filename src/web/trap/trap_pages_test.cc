#include "web/trap/trap_pages.h"

#include "formats/json.h"
#include "trap/testing.h"
#include "web/pages/page.h"
#include "web/trap/trap_message.h"

#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using trap::testing::TestInbox;

class TrapPagesTest : public ::testing::Test {
  protected:
    TrapPagesTest() : TrapPagesTest(trap::Inbox::Options{}) {}

    explicit TrapPagesTest(trap::Inbox::Options options) : inbox_(std::move(options)) {
        add_trap_pages(router_, *inbox_, inbox_.pool(), {"127.0.0.1:1025", "1.2.3"});
    }

    HttpResponse ask(std::string method, std::string_view target, std::string body = {}) {
        runtime::Worker worker("test");
        HttpRequest request;
        request.method = std::move(method);
        request.body = std::move(body);
        EXPECT_TRUE(request.set_target(target).has_value());
        return runtime::run_to_end(worker, inbox_.log(), router_.route(request)).value();
    }

    formats::JsonValue json(std::string_view target, int status = 200) {
        const auto response = ask("GET", target);
        EXPECT_EQ(response.status, status) << response.body;
        EXPECT_EQ(response.content_type, "application/json");
        return formats::JsonValue::parse(response.body).value();
    }

    static std::string text(const formats::JsonValue& value, std::string_view key) {
        const auto* found = value.find(key);
        return found == nullptr ? "(none)" : std::string(found->as_string().value_or("(no text)"));
    }

    static std::int64_t number(const formats::JsonValue& value, std::string_view key) {
        const auto* found = value.find(key);
        return found == nullptr ? -1 : found->as_int().value_or(-2);
    }

    TestInbox inbox_;
    Router router_;
};

constexpr auto kMixed =
    "From: \"Doe, J\" <j@example.test>\r\nTo: Bob <bob@example.org>\r\nCc: "
    "c@example.org\r\nReply-To: r@example.test\r\n"
    "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@example.test>\r\nMIME-Version: 1.0\r\n"
    "X-Two: a\r\nX-Two: b\r\nContent-Type: multipart/mixed; boundary=b\r\n";
constexpr auto kMixedBody =
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee https://example.org/?a=1&b=2.\r\n"
    "--b\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>\r\n"
    "--b\r\nContent-Type: text/csv; name=\"a\\\"b.csv\"\r\nContent-Disposition: "
    "attachment\r\n\r\n1,2\r\n--b--\r\n";

TEST_F(TrapPagesTest, empty_inbox_says_where_to_send) {
    EXPECT_THAT(ask("GET", "/").body, AllOf(HasSubstr("No mail yet"), HasSubstr("127.0.0.1:1025"),
                                            HasSubstr("greylist@"), Not(HasSubstr("Delete all"))));
    EXPECT_EQ(ask("GET", "/view/latest").status, 404);
    EXPECT_THAT(ask("GET", "/?query=x").body, HasSubstr("Nothing has"));
}

TEST_F(TrapPagesTest, lists_newest_first_in_pages) {
    for (int i = 1; i <= 51; ++i) inbox_.put_one("bob@example.org", fmt::format("number {}", i));
    const auto first = ask("GET", "/").body;
    EXPECT_THAT(first,
                AllOf(HasSubstr("number 51"), HasSubstr("number 2<"), Not(HasSubstr("number 1<")),
                      HasSubstr("start=50"), HasSubstr("51 messages, 51 unread")));
    EXPECT_THAT(
        ask("GET", "/?start=50").body,
        AllOf(HasSubstr("number 1<"), Not(HasSubstr("number 2<")), HasSubstr(">Newer</a>")));
    EXPECT_THAT(ask("GET", "/?query=number+51").body,
                AllOf(HasSubstr("number 51"), Not(HasSubstr("number 50"))));
    EXPECT_EQ(ask("GET", "/?start=99999999").status, 200);
    EXPECT_EQ(ask("GET", "/?start=x").status, 200);
}

TEST_F(TrapPagesTest, shows_hostile_mail_as_text) {
    inbox_.put({"bob@example.org"},
               "From: <script>@x <a@example.test>\r\nSubject: <img src=x "
               "onerror=alert(1)>\r\nContent-Type: text/html\r\n",
               "<script>alert('html')</script>");
    inbox_.put({"bob@example.org"}, kMixed, kMixedBody);
    for (const char* target :
         {"/", "/?query=%3Cscript%3E", "/view/latest", "/view/latest/source"}) {
        const auto response = ask("GET", target);
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
        EXPECT_THAT(response.body, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img src=x"))))
            << target;
    }
}

TEST_F(TrapPagesTest, message_page_has_text_parts_and_links) {
    inbox_.put({"bob@example.org", "hidden@example.org"}, kMixed, kMixedBody);
    const auto body = ask("GET", "/view/latest").body;
    EXPECT_THAT(body, AllOf(HasSubstr("<h1>Grüße</h1>"), HasSubstr("hidden@example.org"),
                            HasSubstr("text/csv"),
                            HasSubstr("href=\"https://example.org/?a=1&amp;b=2\">https://"
                                      "example.org/?a=1&amp;b=2</a>.")));
    EXPECT_EQ(inbox_->unread(), 0u);
    const auto part = ask("GET", "/view/latest/part/3");
    EXPECT_EQ(part.body, "1,2");
    EXPECT_EQ(part.content_type, "application/octet-stream");
    EXPECT_THAT(part.headers.at(0).second, HasSubstr("filename=\"a_b.csv\""));
    for (const char* wrong : {"/view/latest/part/0", "/view/latest/part/4", "/view/latest/part/x"})
        EXPECT_EQ(ask("GET", wrong).status, 404);
}

TEST_F(TrapPagesTest, buttons_delete) {
    const auto one = inbox_.put_one("bob@example.org", "one");
    inbox_.put_one("bob@example.org", "two");
    const auto gone = ask("POST", "/view/" + one.id.to_string() + "/delete");
    EXPECT_EQ(gone.status, 303);
    EXPECT_EQ(inbox_->count(""), 1u);
    EXPECT_EQ(ask("POST", "/view/" + one.id.to_string() + "/delete").status, 404);
    EXPECT_EQ(ask("GET", "/delete-all").status, 405);
    EXPECT_EQ(ask("POST", "/delete-all").status, 303);
    EXPECT_EQ(inbox_->count(""), 0u);
}

TEST_F(TrapPagesTest, json_has_the_shape_of_mailpit) {
    inbox_.put({"bob@example.org", "hidden@example.org"}, kMixed, kMixedBody);
    const auto list = json("/api/v1/messages?limit=10");
    EXPECT_EQ(number(list, "total"), 1);
    EXPECT_EQ(number(list, "unread"), 1);
    EXPECT_EQ(number(list, "count"), 1);
    EXPECT_EQ(number(list, "messages_count"), 1);
    EXPECT_EQ(number(list, "start"), 0);
    const auto& summary = list.find("messages")->items()[0];
    EXPECT_EQ(text(summary, "ID"), inbox_->latest()->id.to_string());
    EXPECT_EQ(text(summary, "MessageID"), "1@example.test");
    EXPECT_EQ(text(*summary.find("From"), "Name"), "Doe, J");
    EXPECT_EQ(text(*summary.find("From"), "Address"), "j@example.test");
    EXPECT_EQ(text(summary.find("To")->items()[0], "Name"), "Bob");
    EXPECT_EQ(text(summary.find("Cc")->items()[0], "Address"), "c@example.org");
    EXPECT_EQ(text(summary.find("Bcc")->items()[0], "Address"), "hidden@example.org");
    EXPECT_EQ(text(summary, "Subject"), "Grüße");
    EXPECT_EQ(summary.find("Read")->as_bool(), false);
    EXPECT_EQ(number(summary, "Attachments"), 1);
    EXPECT_THAT(text(summary, "Snippet"), HasSubstr("See https://example.org"));
    EXPECT_EQ(text(summary, "Created").size(), 24u);

    const auto message = json("/api/v1/message/latest");
    EXPECT_EQ(text(message, "Text"), "See https://example.org/?a=1&b=2.");
    EXPECT_EQ(text(message, "HTML"), "<script>alert(1)</script>");
    const auto& file = message.find("Attachments")->items()[0];
    EXPECT_EQ(text(file, "FileName"), "a\"b.csv");
    EXPECT_EQ(text(file, "PartID"), "3");
    EXPECT_EQ(number(file, "Size"), 3);
    EXPECT_EQ(text(*message.find("Envelope"), "From"), "alice@example.test");
    EXPECT_EQ(ask("GET", "/api/v1/message/latest/raw").body,
              std::string(kMixed) + "\r\n" + kMixedBody);
    EXPECT_EQ(ask("GET", "/api/v1/message/latest/part/3").body, "1,2");
    const auto headers = json("/api/v1/message/latest/headers");
    EXPECT_EQ(headers.find("X-Two")->items().size(), 2u);
    EXPECT_EQ(number(json("/api/v1/info"), "Messages"), 1);
}

TEST_F(TrapPagesTest, json_refuses_in_sentences) {
    for (const char* target : {"/api/v1/message/latest", "/api/v1/message/nonsense",
                               "/api/v1/message/01J00000000000000000000000/raw"}) {
        const auto refusal = json(target, 404);
        EXPECT_NE(text(refusal, "error"), "(none)");
        EXPECT_NE(text(refusal, "mend"), "(none)");
    }
    for (const char* target : {"/api/v1/messages?limit=many", "/api/v1/messages?start=-1",
                               "/api/v1/wait?timeout=soon", "/api/v1/wait?since=now"})
        EXPECT_NE(text(json(target, 400), "mend"), "(none)");
}

TEST_F(TrapPagesTest, json_deletes_those_named_and_never_more) {
    const auto one = inbox_.put_one("bob@example.org", "one");
    inbox_.put_one("bob@example.org", "two");
    for (const char* wrong :
         {"{\"IDs\":[\"nonsense\"]}", "{\"IDs\":\"all\"}", "{\"ids\":[]}", "[]", "{"})
        EXPECT_EQ(ask("DELETE", "/api/v1/messages", wrong).status, 400) << wrong;
    EXPECT_EQ(inbox_->count(""), 2u);
    EXPECT_EQ(
        ask("DELETE", "/api/v1/messages", "{\"IDs\":[\"" + one.id.to_string() + "\"]}").status,
        200);
    EXPECT_EQ(inbox_->count(""), 1u);
    EXPECT_EQ(ask("DELETE", "/api/v1/messages").status, 200);
    EXPECT_EQ(inbox_->count(""), 0u);
}

TEST_F(TrapPagesTest, waits_for_mail) {
    const auto timed_out = json("/api/v1/wait?to=bob@example.org&timeout=5ms", 408);
    EXPECT_THAT(text(timed_out, "error"), HasSubstr("bob@example.org"));
    std::thread sender([&] { inbox_.put_one("bob@example.org", "at last"); });
    EXPECT_EQ(text(json("/api/v1/wait?to=bob%40example.org&timeout=20s"), "Subject"), "at last");
    sender.join();
    EXPECT_EQ(text(json("/api/v1/wait?timeout=1"), "Subject"), "at last");
}

class BoundedTrapPagesTest : public TrapPagesTest {
  protected:
    static trap::Inbox::Options bounds() {
        trap::Inbox::Options options;
        options.max_messages = 2;
        return options;
    }

    BoundedTrapPagesTest() : TrapPagesTest(bounds()) {}
};

TEST_F(BoundedTrapPagesTest, says_what_was_dropped) {
    for (int i = 1; i <= 5; ++i) inbox_.put_one("bob@example.org", "x");
    EXPECT_THAT(ask("GET", "/").body, HasSubstr("3 old messages were dropped"));
    EXPECT_EQ(number(*json("/api/v1/messages").find("dropped"), "messages"), 3);
    EXPECT_EQ(number(*json("/api/v1/info").find("dropped"), "messages"), 3);
}

TEST(TimeHtmlTest, is_relative_only_where_the_clock_can_be_believed) {
    const Timestamp at(Milliseconds(1'763'900'000'000));
    const auto ms = at.time_since_epoch().count();
    EXPECT_THAT(time_html(ms, at), HasSubstr(">just now<"));
    EXPECT_THAT(time_html(ms, at + Seconds(90)), HasSubstr(">1 min ago<"));
    EXPECT_THAT(time_html(ms, at + std::chrono::hours(30)), HasSubstr(">2025-11-23 "));
    EXPECT_THAT(time_html(ms, at - std::chrono::hours(1)), HasSubstr(">2025-11-23 "));
}

TEST(LinksTest, only_web_addresses_become_links) {
    EXPECT_EQ(text_with_links("javascript:x http:x httpx"), "javascript:x http:x httpx");
    EXPECT_THAT(text_with_links("(https://a.example/x)"),
                HasSubstr("href=\"https://a.example/x\""));
    EXPECT_THAT(text_with_links("http://a\" onclick=\"x"), HasSubstr("&quot; onclick"));
    EXPECT_EQ(text_with_links("https://"), "https://");
    EXPECT_EQ(text_with_links("https://...."), "https://....");
}

TEST(ParseWaitTest, knows_units) {
    EXPECT_EQ(parse_wait("10s"), Milliseconds(10'000));
    EXPECT_EQ(parse_wait("10"), Milliseconds(10'000));
    EXPECT_EQ(parse_wait("250ms"), Milliseconds(250));
    EXPECT_EQ(parse_wait("2m"), Milliseconds(120'000));
    for (const char* wrong : {"", "s", "-1s", "1h", "1.5s", "99999999999999999999"})
        EXPECT_FALSE(parse_wait(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace posthaste::web
