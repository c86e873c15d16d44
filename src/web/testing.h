// For tests: an HTTP server on a loopback port, and clients of it: our own, and one that sends any
// octets.
#pragma once

#include "base/assert.h"
#include "base/file.h"
#include "net/dialer.h"
#include "net/listener.h"
#include "runtime/run.h"
#include "web/http/http_client.h"
#include "web/http/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <future>
#include <string>
#include <sys/socket.h>

#include <unistd.h>

namespace posthaste::web::testing {

inline Log& quiet_log() {
    static Log log({.level = LogLevel::error, .fd = open("/dev/null", O_WRONLY | O_CLOEXEC)});
    return log;
}

// Blocking, of the test's own thread; no call lasts longer than 20 s.
class RawClient {
  public:
    explicit RawClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval limit{20, 0};
        setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        PH_ASSERT(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    }

    void send(std::string_view octets) const {
        while (!octets.empty()) {
            const ssize_t sent = ::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;  // the server has seen enough
            octets.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void end() const { shutdown(fd_.get(), SHUT_WR); }

    // Until `stop` has come (behind what was read before), or the end.
    std::string read_until(std::string_view stop) {
        std::string seen;
        char piece[4096];
        while (stop.empty() || seen.find(stop) == std::string::npos) {
            const ssize_t got = recv(fd_.get(), piece, sizeof piece, 0);
            if (got <= 0) break;
            seen.append(piece, static_cast<std::size_t>(got));
        }
        return seen;
    }

    std::string read_all() { return read_until(""); }

  private:
    FileDescriptor fd_;
};

class TestServer {
  public:
    explicit TestServer(std::shared_ptr<const Router> router, HttpServer::Options options = {},
                        std::shared_ptr<net::TlsServerContext> tls = nullptr)
        : TestServer(std::move(router), std::move(options), std::move(tls),
                     net::BoundSocket::bind(net::ListenAddress::parse("127.0.0.1:0").value())) {}

    TestServer(std::shared_ptr<const Router> router, HttpServer::Options options,
               std::shared_ptr<net::TlsServerContext> tls, Result<net::BoundSocket> socket)
        : server_(std::move(options), std::move(router), workers_, quiet_log()) {
        PH_ASSERT(socket.has_value());
        port_ = socket->local().port;
        listener_.emplace(std::move(*socket), workers_, server_.handler(std::move(tls)),
                          quiet_log());
        workers_.start();
        listener_->start();
    }

    ~TestServer() {
        listener_->stop();
        stop(Milliseconds(0));
        listener_.reset();
        workers_.stop_and_join();
    }

    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    // Waits until no connection is left.
    void stop(Milliseconds grace) {
        if (std::exchange(stopped_, true)) return;
        std::promise<void> ended;
        server_.stop(Deadline::after(grace), [&] { ended.set_value(); });
        ended.get_future().wait();
    }

    std::uint16_t port() const { return port_; }

    std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

    Result<HttpResponse> ask(std::string method, std::string target, std::string body = {}) const {
        runtime::Worker worker("client");
        return runtime::run_to_end(
                   worker, quiet_log(),
                   ask_once(port_, std::move(method), std::move(target), std::move(body)))
            .value();
    }

  private:
    static runtime::Task<Result<HttpResponse>> ask_once(std::uint16_t port, std::string method,
                                                        std::string target, std::string body) {
        const auto deadline = Deadline::after(Seconds(20));
        const net::Endpoint to{IpAddress::v4({127, 0, 0, 1}), port};
        PH_CO_TRY(auto stream, co_await net::dial(to, deadline));
        auto response = co_await http_request(*stream, method, target, body, deadline);
        co_await stream->close();
        co_return response;
    }

    runtime::WorkerPool workers_{2};
    HttpServer server_;
    std::optional<net::Listener> listener_;
    std::uint16_t port_ = 0;
    bool stopped_ = false;
};

}  // namespace posthaste::web::testing
