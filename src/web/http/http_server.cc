#include "web/http/http_server.h"

#include "base/ascii.h"
#include "base/assert.h"
#include "runtime/callback.h"
#include "runtime/task_group.h"
#include "web/http/http_parser.h"
#include "web/http/request_guard.h"

#include <algorithm>
#include <atomic>
#include <limits>

namespace posthaste::web {

namespace {

using runtime::Task;

constexpr std::size_t kWritePiece =
    256 << 10;  // each has its own deadline: a slow reader is served, a dead one not
constexpr std::size_t kRefusedAtOnce = 64;  // connections above the bound that are told so
constexpr Seconds kRefusalTime{5};
constexpr std::size_t kContentWindow = 64 << 10;

constexpr std::pair<std::string_view, std::string_view> kSafeDefaults[] = {
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors "
     "'none'; "
     "base-uri 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    // Not "no-referrer": browsers then say "Origin: null" for our own forms too (request_guard.h).
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
};

void add_defaults(HttpResponse& response) {
    const auto has = [&](std::string_view name) {
        return std::ranges::any_of(response.headers,
                                   [&](const auto& field) { return field.first == name; });
    };
    for (const auto& [name, value] : kSafeDefaults)
        if (!has(name)) response.headers.emplace_back(name, value);
    response.headers.emplace_back("Date", http_date(now()));
}

// What a client of SMTP says that does not wait for its banner.
bool talks_mail(std::string_view begun) {
    constexpr std::string_view kVerbs[] = {"EHLO", "HELO", "NOOP", "QUIT",
                                           "RSET", "AUTH", "MAIL", "STARTTLS"};
    return std::ranges::any_of(
        kVerbs, [&](std::string_view verb) { return ascii::starts_with_ignore_case(begun, verb); });
}

HttpResponse fault_response(int status, const Error& error) {
    auto response = HttpResponse::error(error);
    response.status = status;
    return response;
}

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
    // What lives on one worker and is touched by its thread alone.
    struct Site {
        Site(runtime::Worker& w, Log& log) : worker(w), connections(w, log), stopping(w, log) {}

        runtime::Worker& worker;
        std::vector<runtime::TaskContext*> idle;  // chains that wait for a next request
        runtime::TaskGroup connections;
        runtime::TaskGroup stopping;
    };

    // One connection among those that count.
    struct Unit {
        Unit(Impl& o, std::optional<net::ConnectionCounter::Unit> a)
            : owner(o), of_address(std::move(a)) {
            owner.open.fetch_add(1);
        }

        ~Unit() { owner.open.fetch_sub(1); }

        Unit(const Unit&) = delete;
        Unit& operator=(const Unit&) = delete;

        Impl& owner;
        std::optional<net::ConnectionCounter::Unit> of_address;
    };

    struct Connection {
        std::unique_ptr<net::Stream> stream;
        std::shared_ptr<net::TlsServerContext> tls;
        std::shared_ptr<Unit> unit;
        std::string peer;
    };

    Impl(Options o, std::shared_ptr<const Router> r, runtime::WorkerPool& workers, Log& l)
        : options(std::move(o)),
          router(std::move(r)),
          log(l),
          per_address({std::numeric_limits<std::size_t>::max(), options.max_per_address}) {
        for (std::size_t i = 0; i < workers.size(); ++i)
            sites.push_back(std::make_unique<Site>(workers[i], log));
    }

    Site& site_of(runtime::Worker& worker) {
        auto& site = *sites.at(worker.index());
        PH_ASSERT(&site.worker == &worker);
        return site;
    }

    HttpLimits limits() const {
        return {.max_header = options.max_header, .max_body = options.max_body};
    }

    void accept(runtime::Worker& worker, std::unique_ptr<net::Stream> stream,
                std::shared_ptr<net::TlsServerContext> tls);
    Task<void> serve(std::shared_ptr<Impl> self, Connection connection, Site& site);
    Task<void> turn_away(std::shared_ptr<Impl> self, Connection connection);
    Task<bool> talks_plain_http(net::Stream& stream) const;
    Task<void> answer_plain(net::Stream& stream);
    Task<bool> wants_mail(net::Stream& stream) const;
    Task<bool> serve_one(Connection& connection, Site& site, bool first);
    Task<Result<void>> wait_for_request(net::Stream& stream, Site& site, Seconds wait);
    Task<std::optional<HttpResponse>> read_request(net::Stream& stream, RequestParser& parser);
    Task<Result<void>> read_some(net::Stream& stream, RequestParser& parser);
    std::optional<HttpResponse> guard(const HttpRequest& request) const;
    const Router& router_for(const HttpRequest& request) const;
    Task<HttpResponse> handle(HttpRequest request, const Connection& connection, Site& site);
    Task<void> run_handler(std::shared_ptr<Impl> self, std::shared_ptr<Unit> unit,
                           std::shared_ptr<const HttpRequest> request,
                           runtime::Callback<HttpResponse> done);
    Task<Result<void>> respond(net::Stream& stream, HttpResponse response, bool keep_alive,
                               bool head);
    Task<void> finish(std::shared_ptr<Impl> self, Site& site, Deadline grace,
                      std::shared_ptr<std::atomic<std::size_t>> left,
                      std::shared_ptr<std::function<void()>> done);
    void stop(Deadline grace, std::function<void()> done);

    const Options options;
    const std::shared_ptr<const Router> router;
    Log& log;
    net::ConnectionCounter per_address;
    std::atomic<std::size_t> open{0};
    std::atomic<bool> stopped{false};
    std::vector<std::unique_ptr<Site>> sites;
};

void HttpServer::Impl::accept(runtime::Worker& worker, std::unique_ptr<net::Stream> stream,
                              std::shared_ptr<net::TlsServerContext> tls) {
    auto& site = site_of(worker);
    const std::size_t before = open.load();
    if (stopped.load() || before >= options.max_connections + kRefusedAtOnce) {
        stream->abort();
        return;
    }
    const auto peer = stream->peer();
    std::optional<net::ConnectionCounter::Unit> of_address;
    if (options.max_per_address > 0 && peer.port != 0) {
        auto admitted = per_address.admit(peer.address);
        if (!admitted) {
            stream->abort();
            return;
        }
        of_address.emplace(std::move(*admitted));
    }
    Connection connection{std::move(stream),
                          std::move(tls),
                          std::make_shared<Unit>(*this, std::move(of_address)),
                          {}};
    if (peer.port != 0) connection.peer = peer.to_string();
    if (before >= options.max_connections) {
        site.connections.spawn(turn_away(shared_from_this(), std::move(connection)));
    } else {
        site.connections.spawn(serve(shared_from_this(), std::move(connection), site));
    }
}

Task<void> HttpServer::Impl::turn_away(std::shared_ptr<Impl>, Connection connection) {
    auto& stream = *connection.stream;
    stream.expires_after(kRefusalTime);
    if (connection.tls == nullptr) {
        auto response =
            fault_response(503, {ErrorKind::busy, "too many connections", "try again in a moment"});
        auto said = co_await respond(stream, std::move(response), false, false);
        static_cast<void>(said);
    }
    co_await stream.close();
}

Task<void> HttpServer::Impl::serve(std::shared_ptr<Impl>, Connection connection, Site& site) {
    auto& stream = *connection.stream;
    if (connection.tls != nullptr) {
        stream.expires_after(options.header_timeout);
        const bool plain = co_await talks_plain_http(stream);
        if (plain) {
            co_await answer_plain(stream);
            co_return;
        }
        auto secured = co_await stream.start_tls(*connection.tls);
        if (!secured) {
            stream.abort();
            co_return;
        }
    }
    const bool mail = co_await wants_mail(stream);
    if (mail) {
        options.mail(site.worker, std::move(connection.stream));
        co_return;
    }
    bool more = co_await serve_one(connection, site, true);
    while (more) more = co_await serve_one(connection, site, false);
    stream.expires_after(options.header_timeout);
    co_await stream.close();
}

// A person wrote http:// where https:// belongs. Whatever else is no TLS is left to the handshake.
Task<bool> HttpServer::Impl::talks_plain_http(net::Stream& stream) const {
    const auto until = Deadline::after(options.header_timeout);
    auto begun = co_await stream.peek(1, until);
    co_return begun && !begun->empty() && ascii::is_alpha(begun->front());
}

Task<void> HttpServer::Impl::answer_plain(net::Stream& stream) {
    auto filled = co_await stream.fill(options.max_header);
    if (filled) {
        auto response = fault_response(400, {ErrorKind::unsupported, "this port speaks HTTPS only",
                                             "write https:// in place of http://"});
        auto said = co_await respond(stream, std::move(response), false, false);
        static_cast<void>(said);
    }
    co_await stream.close();
}

// Browsers and programs that fetch documents offer http/1.1, or begin at once.
Task<bool> HttpServer::Impl::wants_mail(net::Stream& stream) const {
    const auto* tls = stream.tls();
    if (!options.mail || tls == nullptr || !tls->alpn.empty()) co_return false;
    if (!ascii::equals_ignore_case(tls->server_name, options.mail_name)) co_return false;
    stream.expires_after(options.mail_wait);
    auto filled = co_await stream.fill(std::max(options.max_header, kContentWindow));
    if (!filled) co_return filled.error().kind == ErrorKind::timeout;
    co_return talks_mail(stream.buffered());
}

// One request and its answer; false when the connection is to end.
Task<bool> HttpServer::Impl::serve_one(Connection& connection, Site& site, bool first) {
    auto& stream = *connection.stream;
    if (stream.buffered().empty()) {
        auto wait = first ? options.header_timeout : options.idle_timeout;
        auto begun = co_await wait_for_request(stream, site, wait);
        if (!begun) co_return false;
    }
    RequestParser parser(limits());
    auto refusal = co_await read_request(stream, parser);
    if (refusal) {
        auto said = co_await respond(stream, std::move(*refusal), false, false);
        static_cast<void>(said);
        co_return false;
    }
    if (!parser.done()) co_return false;
    const bool keep_alive = parser.keep_alive();
    auto request = parser.take();
    const bool head = request.method == "HEAD";
    auto response = co_await handle(std::move(request), connection, site);
    const bool more = keep_alive && !stopped.load();
    auto said = co_await respond(stream, std::move(response), more, head);
    co_return more&& said.has_value();
}

// While nothing has come yet the connection may be ended at once by `stop`.
Task<Result<void>> HttpServer::Impl::wait_for_request(net::Stream& stream, Site& site,
                                                      Seconds wait) {
    if (stopped.load()) co_return fail(ErrorKind::cancelled, "the server stops");
    auto& context = co_await runtime::this_task();
    site.idle.push_back(&context);
    stream.expires_after(wait);
    auto filled = co_await stream.fill(std::max(options.max_header, kContentWindow));
    std::erase(site.idle, &context);
    co_return filled;
}

// Nothing and `done`: the request is there. Nothing and not `done`: the peer is gone. Else what to
// answer, after which the connection ends, since what would follow on it is unknown.
Task<std::optional<HttpResponse>> HttpServer::Impl::read_request(net::Stream& stream,
                                                                 RequestParser& parser) {
    stream.expires_after(options.header_timeout);
    bool in_body = false;
    for (;;) {
        auto taken = parser.feed(stream.buffered());
        if (!taken) co_return fault_response(parser.fault_status(), taken.error());
        stream.consume(*taken);
        if (parser.header_done() && !in_body) {
            in_body = true;
            if (auto refusal = guard(parser.request())) co_return refusal;
            stream.expires_after(options.body_timeout);
            if (parser.expects_continue() && stream.buffered().empty()) {
                auto said = co_await stream.write(continue_response());
                if (!said) co_return std::nullopt;
            }
            continue;
        }
        if (parser.done()) co_return std::nullopt;
        if (*taken > 0) continue;
        auto filled = co_await stream.fill(std::max(options.max_header, kContentWindow));
        if (filled) continue;
        if (filled.error().kind == ErrorKind::timeout)
            co_return fault_response(408,
                                     {ErrorKind::timeout, "the request did not come in time", {}});
        co_return std::nullopt;
    }
}

std::optional<HttpResponse> HttpServer::Impl::guard(const HttpRequest& request) const {
    const bool for_all = options.for_strangers != nullptr && options.for_strangers->knows(request);
    if (options.check_host && !for_all) {
        if (auto wrong = refuse_host(request, options.host_names))
            return fault_response(421, *wrong);
    }
    if (auto wrong = refuse_origin(request)) return fault_response(403, *wrong);
    return std::nullopt;
}

const Router& HttpServer::Impl::router_for(const HttpRequest& request) const {
    const bool stranger = options.check_host && options.for_strangers != nullptr &&
                          refuse_host(request, options.host_names).has_value();
    return stranger ? *options.for_strangers : *router;
}

// The handler runs as a task of its own: when its time is up it is answered for, and ends by itself
// later.
Task<HttpResponse> HttpServer::Impl::handle(HttpRequest request, const Connection& connection,
                                            Site& site) {
    request.peer = connection.peer;
    request.tls = connection.tls != nullptr;
    auto shared = std::make_shared<const HttpRequest>(std::move(request));
    runtime::Callback<HttpResponse> done;
    site.connections.spawn(run_handler(shared_from_this(), connection.unit, shared, done));
    auto response = co_await done.wait(Deadline::after(options.handler_timeout));
    if (response) co_return std::move(*response);
    if (response.error().kind == ErrorKind::timeout)
        log.warning("http.slow", {{"method", shared->method}, {"path", shared->path}});
    co_return fault_response(
        503, {response.error().kind, "the answer did not come in time", "try again"});
}

Task<void> HttpServer::Impl::run_handler(std::shared_ptr<Impl>, std::shared_ptr<Unit>,
                                         std::shared_ptr<const HttpRequest> request,
                                         runtime::Callback<HttpResponse> done) {
    HttpResponse response;
    try {
        response = co_await router_for(*request).route(*request);
    } catch (const std::exception& e) {
        log.error("http.failed",
                  {{"method", request->method}, {"path", request->path}, {"what", e.what()}});
        response =
            fault_response(500, {ErrorKind::io, "something went wrong here", "the log says more"});
    }
    done(std::move(response));
}

Task<Result<void>> HttpServer::Impl::respond(net::Stream& stream, HttpResponse response,
                                             bool keep_alive, bool head) {
    add_defaults(response);
    auto octets = response_header(response, keep_alive);
    std::string_view body = head ? std::string_view() : std::string_view(response.body);
    const std::size_t with_header = std::min(body.size(), kWritePiece);
    octets += body.substr(0, with_header);
    body.remove_prefix(with_header);
    stream.expires_after(options.body_timeout);
    PH_CO_CHECK(co_await stream.write(octets));
    while (!body.empty()) {
        auto piece = body.substr(0, kWritePiece);
        stream.expires_after(options.body_timeout);
        PH_CO_CHECK(co_await stream.write(piece));
        body.remove_prefix(piece.size());
    }
    co_return Result<void>();
}

// `done` is the last thing that happens on the last worker: its owner may join the workers and
// destroy us.
Task<void> HttpServer::Impl::finish(std::shared_ptr<Impl>, Site& site, Deadline grace,
                                    std::shared_ptr<std::atomic<std::size_t>> left,
                                    std::shared_ptr<std::function<void()>> done) {
    for (auto* context : std::exchange(site.idle, {})) {
        context->cancelled = true;
        if (context->wait != nullptr) context->wait->cancel();
    }
    co_await site.connections.wait_empty(grace);
    co_await site.connections.close();
    if (left->fetch_sub(1) == 1) (*done)();
}

void HttpServer::Impl::stop(Deadline grace, std::function<void()> done) {
    stopped.store(true);
    auto left = std::make_shared<std::atomic<std::size_t>>(sites.size());
    auto shared = std::make_shared<std::function<void()>>(std::move(done));
    for (auto& site : sites) {
        site->worker.post([self = shared_from_this(), &site = *site, grace, left, shared] {
            site.stopping.spawn(self->finish(self, site, grace, left, shared));
        });
    }
}

HttpServer::HttpServer(Options options, std::shared_ptr<const Router> router,
                       runtime::WorkerPool& workers, Log& log)
    : impl_(std::make_shared<Impl>(std::move(options), std::move(router), workers, log)) {}

HttpServer::~HttpServer() = default;

net::Listener::Handler HttpServer::handler(std::shared_ptr<net::TlsServerContext> tls) {
    return [impl = impl_, tls = std::move(tls)](runtime::Worker& worker,
                                                std::unique_ptr<net::Stream> stream) {
        impl->accept(worker, std::move(stream), tls);
    };
}

void HttpServer::stop(Deadline grace, std::function<void()> done) {
    impl_->stop(grace, std::move(done));
}

}  // namespace posthaste::web
