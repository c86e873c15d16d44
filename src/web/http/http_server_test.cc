#include "web/http/http_server.h"

#include "runtime/callback.h"
#include "runtime/timer.h"
#include "store/testing.h"
#include "web/testing.h"

#include <atomic>
#include <csignal>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

using runtime::Task;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;
using testing::TestServer;

// What handlers of these tests have in common with the tests.
struct Shared {
    runtime::Callback<bool> gate;  // "/gate" answers when it is completed
    std::atomic<int> waiting{0};
};

Task<HttpResponse> hello(const HttpRequest& request, const PathValues&) {
    co_return HttpResponse::text("hello " + std::string(request.param("name")) + request.body);
}

Task<HttpResponse> broken(const HttpRequest&, const PathValues&) {
    if (Deadline{}.at == SteadyTime::max()) throw std::runtime_error("the secret is 42");
    co_return HttpResponse{};
}

Task<HttpResponse> large(const HttpRequest&, const PathValues&) {
    co_return HttpResponse::text(std::string(3 << 20, 'x'));
}

Task<HttpResponse> gate(std::shared_ptr<Shared> shared) {
    shared->waiting.fetch_add(1);
    auto opened = co_await shared->gate.wait(Deadline::after(Seconds(60)));
    co_return HttpResponse::text(opened ? "opened" : "not opened");
}

class HttpServerTest : public ::testing::Test {
  protected:
    std::shared_ptr<const Router> router() {
        auto made = std::make_shared<Router>();
        made->add("GET", "/hello", hello);
        made->add("POST", "/hello", hello);
        made->add("GET", "/broken", broken);
        made->add("GET", "/large", large);
        made->add("GET", "/gate",
                  [shared = shared_](const auto&, const auto&) { return gate(shared); });
        return made;
    }

    std::string exchange(const TestServer& server, std::string_view octets) {
        RawClient client(server.port());
        client.send(octets);
        client.end();
        return client.read_all();
    }

    static std::string get(std::string_view target, std::string_view more = {}) {
        return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, more);
    }

    void wait_for_waiting(int count) {
        while (shared_->waiting.load() < count) std::this_thread::yield();
    }

    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

TEST_F(HttpServerTest, answers_our_client) {
    TestServer server(router());
    const auto response = server.ask("GET", "/hello?name=you");
    ASSERT_TRUE(response.has_value()) << response.error().text;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello you");
    EXPECT_EQ(server.ask("POST", "/hello", "{}").value().body, "hello {}");
    EXPECT_EQ(server.ask("HEAD", "/hello").value().body, "");
    EXPECT_EQ(server.ask("GET", "/nothing").value().status, 404);
    EXPECT_EQ(server.ask("GET", "/large").value().body.size(), 3u << 20);
}

TEST_F(HttpServerTest, says_what_browsers_must_not_do) {
    TestServer server(router());
    const auto answer = exchange(server, get("/hello"));
    for (const char* field : {"Content-Security-Policy: default-src 'none'; style-src 'self'",
                              "X-Content-Type-Options: nosniff", "Referrer-Policy: same-origin",
                              "Cache-Control: no-store", "Date: "})
        EXPECT_THAT(answer, HasSubstr(field));
}

TEST_F(HttpServerTest, keeps_the_connection_and_answers_pipelined_requests_in_order) {
    TestServer server(router());
    RawClient client(server.port());
    client.send(get("/hello?name=1") +
                "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2" +
                get("/hello?name=3"));
    EXPECT_THAT(client.read_until("hello 3"), HasSubstr("hello 2"));
    client.send(get("/hello?name=4", "Connection: close\r\n"));
    const auto last = client.read_all();
    EXPECT_THAT(last, HasSubstr("Connection: close"));
    EXPECT_THAT(last, HasSubstr("hello 4"));
}

TEST_F(HttpServerTest, answers_head_without_a_body_and_goes_on) {
    TestServer server(router());
    RawClient client(server.port());
    client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n" +
                get("/hello?name=2", "Connection: close\r\n"));
    const auto answer = client.read_all();
    EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
    EXPECT_THAT(answer, HasSubstr("hello 2"));
    EXPECT_THAT(answer, Not(HasSubstr("\r\n\r\nhello HTTP")));
}

TEST_F(HttpServerTest, lets_who_asks_first_send_the_body) {
    TestServer server(router());
    RawClient client(server.port());
    client.send(
        "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: "
        "100-continue\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    EXPECT_THAT(client.read_all(), HasSubstr("hello abc"));
}

TEST_F(HttpServerTest, says_no_before_the_body_when_it_is_too_large) {
    TestServer server(router());
    RawClient client(server.port());
    client.send(
        "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: "
        "100-continue\r\n\r\n");
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, ends_the_connection_after_what_could_be_read_in_two_ways) {
    TestServer server(router());
    const auto answer = exchange(server,
                                 "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: "
                                 "30\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                                     get("/hello?name=smuggled"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer, Not(HasSubstr("smuggled")));
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(HttpServerTest, tells_nobody_why_a_handler_failed) {
    TestServer server(router());
    const auto response = server.ask("GET", "/broken");
    EXPECT_EQ(response.value().status, 500);
    EXPECT_THAT(response.value().body, Not(HasSubstr("42")));
    EXPECT_EQ(server.ask("GET", "/hello").value().status, 200);
}

TEST_F(HttpServerTest, checks_host_and_origin_where_it_is_told_to) {
    HttpServer::Options options;
    options.check_host = true;
    TestServer server(router(), options);
    EXPECT_THAT(exchange(server, get("/hello")), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(exchange(server, "GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
                StartsWith("HTTP/1.1 421 "));
    EXPECT_THAT(exchange(server, "GET /hello HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 421 "));
    EXPECT_THAT(exchange(server,
                         "POST /hello HTTP/1.1\r\nHost: localhost\r\nOrigin: "
                         "http://evil.example\r\nContent-Length: 0\r\n\r\n"),
                StartsWith("HTTP/1.1 403 "));
    TestServer open(router());
    EXPECT_THAT(exchange(open, "GET /hello HTTP/1.1\r\nHost: any.example\r\n\r\n"),
                StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, serves_strangers_what_is_for_all_and_no_more) {
    auto for_all = std::make_shared<Router>();
    for_all->add("GET", "/hello", [](const HttpRequest&, const PathValues&) -> Task<HttpResponse> {
        co_return HttpResponse::text("for all");
    });
    HttpServer::Options options;
    options.check_host = true;
    options.for_strangers = for_all;
    TestServer server(router(), options);
    EXPECT_THAT(exchange(server, get("/hello")), HasSubstr("hello"));
    EXPECT_THAT(exchange(server, "GET /hello HTTP/1.1\r\nHost: mail.example\r\n\r\n"),
                HasSubstr("for all"));
    EXPECT_THAT(exchange(server, "GET /broken HTTP/1.1\r\nHost: mail.example\r\n\r\n"),
                StartsWith("HTTP/1.1 421 "));
}

TEST_F(HttpServerTest, one_address_does_not_take_all_connections) {
    HttpServer::Options options;
    options.max_per_address = 2;
    TestServer server(router(), options);
    auto first = std::make_unique<RawClient>(server.port());
    auto second = std::make_unique<RawClient>(server.port());
    first->send(get("/hello"));
    second->send(get("/hello"));
    EXPECT_THAT(first->read_until("hello "), HasSubstr("200"));
    EXPECT_THAT(second->read_until("hello "), HasSubstr("200"));
    RawClient third(server.port());
    third.send(get("/hello"));
    EXPECT_EQ(third.read_all(), "");
    first->end();
    EXPECT_EQ(first->read_until("never").find("HTTP"), std::string::npos);
    // The unit goes back when the connection's frame has ended, just after the peer sees the end.
    std::string answer;
    while (answer.empty()) {
        RawClient fourth(server.port());
        fourth.send(get("/hello"));
        answer = fourth.read_until("hello ");
    }
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, does_not_wait_for_ever) {
    HttpServer::Options options;
    options.header_timeout = options.body_timeout = options.idle_timeout = Seconds(1);
    TestServer server(router(), options);
    RawClient silent(server.port());
    RawClient slow_header(server.port());
    slow_header.send("GET /hello HTTP/1.1\r\n");
    RawClient slow_body(server.port());
    slow_body.send("POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    RawClient idle(server.port());
    idle.send(get("/hello"));
    EXPECT_EQ(silent.read_all(), "");
    EXPECT_THAT(slow_header.read_all(), StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(slow_body.read_all(), StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(idle.read_all(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, answers_for_a_handler_that_takes_too_long) {
    HttpServer::Options options;
    options.handler_timeout = Seconds(1);
    TestServer server(router(), options);
    EXPECT_EQ(server.ask("GET", "/gate").value().status, 503);
    shared_->gate(true);
}

TEST_F(HttpServerTest, bounds_connections) {
    HttpServer::Options options;
    options.max_connections = 2;
    TestServer server(router(), options);
    RawClient first(server.port());
    RawClient second(server.port());
    first.send(get("/hello"));
    second.send(get("/hello"));
    first.read_until("hello ");
    second.read_until("hello ");
    RawClient third(server.port());
    EXPECT_THAT(third.read_all(), StartsWith("HTTP/1.1 503 "));
    first.send(get("/hello", "Connection: close\r\n"));
    EXPECT_THAT(first.read_all(), HasSubstr("200 OK"));
}

TEST_F(HttpServerTest, stops_idle_connections_at_once_and_lets_answers_be_finished) {
    TestServer server(router());
    RawClient idle(server.port());
    idle.send(get("/hello"));
    idle.read_until("hello ");
    RawClient busy(server.port());
    busy.send(get("/gate"));
    wait_for_waiting(1);
    std::thread stopper([&] { server.stop(Seconds(20)); });
    EXPECT_EQ(idle.read_all(), "");  // ended, while the other still goes on
    shared_->gate(true);
    const auto answer = busy.read_all();
    stopper.join();
    EXPECT_THAT(answer, HasSubstr("opened"));
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(HttpServerTest, cancels_what_goes_on_behind_the_grace) {
    TestServer server(router());
    RawClient busy(server.port());
    busy.send(get("/gate"));
    wait_for_waiting(1);
    server.stop(Milliseconds(1));
    EXPECT_THAT(busy.read_all(), Not(HasSubstr("200")));
}

Task<HttpResponse> who(const HttpRequest& request, const PathValues&) {
    co_return HttpResponse::text(
        fmt::format("peer {} tls {}", request.peer.empty() ? "unnamed" : "named", request.tls));
}

std::shared_ptr<const Router> who_router() {
    auto made = std::make_shared<Router>();
    made->add("GET", "/who", who);
    return made;
}

Task<Result<HttpResponse>> ask_unix(std::string path) {
    const auto deadline = Deadline::after(Seconds(20));
    PH_CO_TRY(auto stream, co_await net::dial_unix(path, deadline));
    auto response = co_await http_request(*stream, "GET", "/who", "", deadline);
    co_await stream->close();
    co_return response;
}

TEST(HttpTransportTest, speaks_on_a_unix_socket) {
    store::testing::TempFolder folder;
    const auto path = folder / "admin.sock";
    TestServer server(who_router(), {}, nullptr, net::BoundSocket::bind_unix(path, 0600));
    runtime::Worker worker("client");
    const auto response = runtime::run_to_end(worker, testing::quiet_log(), ask_unix(path)).value();
    ASSERT_TRUE(response.has_value()) << response.error().text;
    EXPECT_EQ(response->body, "peer unnamed tls false");
}

Task<Result<HttpResponse>> ask_tls(std::uint16_t port,
                                   std::shared_ptr<net::TlsClientContext> context) {
    const auto deadline = Deadline::after(Seconds(20));
    PH_CO_TRY(auto stream, co_await net::dial({IpAddress::v4({127, 0, 0, 1}), port}, deadline));
    stream->expires_at(deadline);
    net::TlsClientPolicy policy;
    policy.server_name = "127.0.0.1";
    policy.alpn = {"http/1.1"};
    PH_CO_CHECK(co_await stream->start_tls(*context, policy));
    auto response = co_await http_request(*stream, "GET", "/who", "", deadline);
    co_await stream->close();
    co_return response;
}

TEST(HttpTransportTest, speaks_under_tls_and_not_beside_it) {
    std::signal(SIGPIPE, SIG_IGN);
    store::testing::TempFolder folder;
    net::TlsServerContext::Options options;
    options.certificates = net::ensure_own_certificates(folder.path(), {"127.0.0.1"}).value();
    options.alpn = {"http/1.1"};
    TestServer server(who_router(), {}, net::TlsServerContext::make(options).value());
    runtime::Worker worker("client");
    auto context = net::TlsClientContext::make(folder / "ca.pem").value();
    const auto response =
        runtime::run_to_end(worker, testing::quiet_log(), ask_tls(server.port(), context)).value();
    ASSERT_TRUE(response.has_value()) << response.error().text;
    EXPECT_EQ(response->body, "peer named tls true");
    RawClient plain(server.port());
    plain.send("GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string told = plain.read_all();
    EXPECT_THAT(told, StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(told, HasSubstr("write https:// in place of http://"));
    EXPECT_THAT(told, Not(HasSubstr("peer")));
}

}  // namespace
}  // namespace posthaste::web
