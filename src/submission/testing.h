// For tests and the fuzzer: a session over streams in memory, with a backend that has no database
// and a stream that says it speaks TLS.
#pragma once

#include "net/memory_stream.h"
#include "runtime/run.h"
#include "runtime/timer.h"
#include "store/testing.h"
#include "submission/session.h"

#include <fcntl.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace posthaste::submission::testing {

class FakeBackend final : public Backend {
  public:
    explicit FakeBackend(std::string folder) : folder_(std::move(folder)) {}

    runtime::Task<std::expected<accounts::Identity, accounts::Rejection>> authenticate(
        accounts::LoginAttempt attempt) override {
        ++logins;
        const std::string& login = attempt.login;
        const auto refuse = [&](accounts::Refusal why, bool known = false) {
            return std::unexpected(accounts::Rejection{why, login, known});
        };
        if (login == "busy@example.com") co_return refuse(accounts::Refusal::busy);
        if (login == "down@example.com") co_return refuse(accounts::Refusal::unavailable);
        if (login == "Anna Muster") co_return refuse(accounts::Refusal::name_is_no_address);
        if (login == "carol") co_return refuse(accounts::Refusal::name_needs_domain);
        const bool right = attempt.password.reveal() == "correct horse";
        if (right && login == "gone@example.com") {
            co_return refuse(accounts::Refusal::disabled, true);
        }
        if (!right || login != "anna@example.com") {
            co_return refuse(accounts::Refusal::wrong_password, login == "anna@example.com");
        }
        co_return identity();
    }

    static accounts::Identity identity() {
        auto addresses = std::make_shared<std::set<std::string>>();
        *addresses = {"anna@example.com", "sales@example.com"};
        return {"anna@example.com", "password", addresses, 0, {}};
    }

    std::optional<accounts::LoginGuard::Ban> banned(const IpAddress&) const override { return ban; }

    store::Health health() const override { return health_now; }

    store::ContentWriter write_content(const QueueId& id) override {
        return {folder_, id, budget_};
    }

    store::ContentReader read_content(const store::Body& body) override { return {folder_, body}; }

    void discard_content(const store::Body& body) override {
        store::discard_content(folder_, body);
    }

    runtime::Task<Result<void>> submit(queue::Submission submission, Deadline) override {
        if (fail_with) co_return std::unexpected(Error{*fail_with, "as asked for", {}});
        submissions.push_back(std::move(submission));
        co_return Result<void>();
    }

    std::optional<accounts::LoginGuard::Ban> ban;
    std::string folder_;
    store::ContentBudget budget_{64u << 20};
    store::Health health_now = store::Health::ok;
    std::optional<ErrorKind> fail_with;
    std::vector<queue::Submission> submissions;
    int logins = 0;
};

// Octets as they are, but `start_tls` succeeds and `tls` tells of TLS 1.3.
class PretendTlsStream final : public net::Stream {
  public:
    explicit PretendTlsStream(std::unique_ptr<net::Stream> inner) : inner_(std::move(inner)) {}

    runtime::Task<Result<void>> fill(std::size_t max_buffered) override {
        inner_->expires_at(deadline_);
        release_idle_buffer();
        auto filled = co_await inner_->fill(max_buffered - buffered().size());
        if (filled) {
            append(inner_->buffered());
            inner_->consume(inner_->buffered().size());
        }
        co_return filled;
    }

    // Does not wait, so that no banner is held back.
    runtime::Task<Result<std::string>> peek(std::size_t octets, Deadline) override {
        inner_->expires_at(deadline_);
        return inner_->peek(octets, Deadline::after(Seconds(0)));
    }

    runtime::Task<Result<void>> write(std::string_view octets) override {
        inner_->expires_at(deadline_);
        ++writes;
        return inner_->write(octets);
    }

    runtime::Task<Result<void>> start_tls(const net::TlsServerContext&) override {
        info_.version = "TLSv1.3";
        secure_ = true;
        co_return Result<void>();
    }

    runtime::Task<Result<void>> start_tls(const net::TlsClientContext&,
                                          net::TlsClientPolicy) override {
        co_return fail(ErrorKind::unsupported, "a server's stream");
    }

    const net::TlsInfo* tls() const override { return secure_ ? &info_ : nullptr; }

    runtime::Task<void> close() override { return inner_->close(); }

    void abort() override { inner_->abort(); }

    net::Endpoint peer() const override { return inner_->peer(); }

    net::Endpoint local() const override { return inner_->local(); }

    Milliseconds round_trip() const override { return {}; }

    std::size_t unacknowledged() const override { return unacked; }

    int writes = 0;
    std::size_t unacked = 0;  // octets that the other side has not taken, as it pretends

  private:
    std::unique_ptr<net::Stream> inner_;
    net::TlsInfo info_;
    bool secure_ = false;
};

inline Options default_options() {
    Options options;
    options.hostname = "mail.example.com";
    options.admin = "postmaster@example.com";
    options.incoming = "imap.example.com";
    options.help_base = "https://mail.example.com/h/";
    options.message_size = 1 << 20;
    return options;
}

// Everything a session needs; sessions are started by `connect`.
class Rig {
  public:
    explicit Rig(const Options& options = default_options())
        : context{
              .options = options,
              .replies = Catalogue({options.hostname, options.admin, options.incoming,
                                    options.help_base, options.starttls_port, options.tls_port}),
              .backend = backend,
              .blocking = pool,
              .tls = tls_context(),
              .demux = demux,
              .log = log,
              .events = [this](const Event& event) { events.push_back(event); },
              .sign_ins = &sign_ins,
              .sent_marks = &sent_marks,
              .metrics = {}} {}

    ~Rig() {
        auto closing = sessions.close();
        runtime::run_to_end(worker, log, std::move(closing));
    }

    // The client's end of a new session.
    std::unique_ptr<net::Stream> connect(PortProfile profile = {}) {
        auto [server, client] = net::make_memory_streams();
        auto stream = std::make_unique<PretendTlsStream>(std::move(server));
        last_stream = stream.get();
        sessions.spawn(serve(context, std::make_shared<const PortProfile>(std::move(profile)),
                             std::move(stream), running));
        return std::move(client);
    }

    template <class T>
    auto run(runtime::Task<T> task) {
        return runtime::run_to_end(worker, log, std::move(task));
    }

    store::testing::TempFolder folder;
    Log log{{.level = LogLevel::error, .fd = open("/dev/null", O_WRONLY | O_CLOEXEC)}};
    runtime::Worker worker{"test"};
    runtime::BlockingPool pool{"test", 1, 100};
    FakeBackend backend{folder.path()};
    net::DemuxMemory demux;
    std::vector<Event> events;
    accounts::SignInLog sign_ins;
    SentMarks sent_marks{{}, "secret"};
    ServerContext context;
    std::vector<Session*> running;
    PretendTlsStream* last_stream = nullptr;  // of the last session, while it runs
    runtime::TaskGroup sessions{worker, log};

  private:
    static runtime::Task<void> serve(ServerContext& context,
                                     std::shared_ptr<const PortProfile> profile,
                                     std::unique_ptr<net::Stream> stream,
                                     std::vector<Session*>& running) {
        Session session(context, std::move(profile), std::move(stream), std::nullopt);
        running.push_back(&session);
        co_await session.run();
        std::erase(running, &session);
    }

    // A real one, although PretendTlsStream never uses it: a session asks whether there is one.
    std::shared_ptr<net::TlsServerContext> tls_context() {
        static const auto shared = [] {
            const store::testing::TempFolder certificates;
            auto files = net::ensure_own_certificates(certificates.path(), {"mail.example.com"});
            PH_ASSERT(files.has_value());
            auto made = net::TlsServerContext::make({.certificates = std::move(*files)});
            PH_ASSERT(made.has_value());
            return std::move(*made);
        }();
        return shared;
    }
};

// A client by hand: says lines, hears lines.
class Client {
  public:
    explicit Client(Rig& rig, PortProfile profile = {})
        : Client(rig, rig.connect(std::move(profile))) {}

    Client(Rig& rig, std::unique_ptr<net::Stream> stream) : rig_(rig), stream_(std::move(stream)) {}

    void send(std::string octets) {
        stream_->expires_after(Seconds(20));
        rig_.run(write(*stream_, std::move(octets)));
    }

    // One line without its end; "" at the end of the connection, "(silence)" after 20 s of nothing.
    std::string hear() {
        stream_->expires_after(Seconds(20));
        auto line = rig_.run(read(*stream_));
        return line.value_or("an exception");
    }

    // A whole reply: its lines, joined by '|'.
    std::string reply() {
        std::string all;
        for (;;) {
            const std::string line = hear();
            all += (all.empty() ? "" : "|") + line;
            if (line.size() < 4 || line[3] != '-') return all;
        }
    }

    std::string say(const std::string& line) {
        send(line + "\r\n");
        return reply();
    }

    void start() {
        reply();
        say("EHLO test");
        say("STARTTLS");
        say("EHLO test");
    }

    void log_in() {
        start();
        say("AUTH PLAIN AGFubmFAZXhhbXBsZS5jb20AY29ycmVjdCBob3JzZQ==");
    }

    void end_input() { rig_.run(stream_->close()); }

    net::Stream& stream() { return *stream_; }

  private:
    static runtime::Task<bool> write(net::Stream& stream, std::string octets) {
        auto written = co_await stream.write(octets);
        co_return written.has_value();
    }

    static runtime::Task<std::string> read(net::Stream& stream) {
        auto line = co_await net::read_line(stream, 8192);
        if (!line) co_return line.error().kind == ErrorKind::timeout ? "(silence)" : "";
        co_return line->bare_lf ? "(bare LF) " + line->text : line->text;
    }

    Rig& rig_;
    std::unique_ptr<net::Stream> stream_;
};

}  // namespace posthaste::submission::testing
