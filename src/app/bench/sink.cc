#include "app/bench/sink.h"

#include "app/process.h"
#include "base/ip.h"
#include "net/tls.h"
#include "runtime/task_group.h"
#include "smtp/command.h"
#include "smtp/dot.h"

#include <atomic>
#include <cstdio>
#include <deque>
#include <fcntl.h>
#include <signal.h>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::bench {

namespace {

constexpr Seconds kIdle{300};
constexpr int kTell = 100;           // ms between lines, while something comes
constexpr std::size_t kKeep = 4096;  // of the content, to find the number in

struct Shared {
    std::shared_ptr<net::TlsServerContext> tls;
    std::atomic<std::uint64_t> messages{0}, octets{0}, connections{0};
    int ledger = -1;

    void taken(std::string_view content, std::uint64_t size) {
        ++messages;
        octets += size;
        if (ledger < 0) return;
        constexpr std::string_view kField = "\r\nX-Bench: ";
        auto at = content.find(kField);
        if (at == std::string_view::npos) return;
        auto rest = content.substr(at + kField.size());
        auto line = std::string(rest.substr(0, rest.find('\r'))) + "\n";
        if (write(ledger, line.data(), line.size()) < 0) std::perror("ledger");
    }
};

runtime::Task<Result<void>> take_content(net::Stream& stream, Shared& shared) {
    smtp::DotDecoder decoder;
    std::string start;
    std::string decoded;
    std::uint64_t size = 0;
    for (;;) {
        auto step = decoder.feed(stream.buffered(), decoded);
        stream.consume(step.consumed);
        size += decoded.size();
        if (start.size() < kKeep) start += decoded.substr(0, kKeep - start.size());
        decoded.clear();
        if (step.finished) break;
        stream.expires_after(kIdle);
        PH_CO_CHECK(co_await stream.fill());
    }
    shared.taken(start, size);
    co_return Result<void>{};
}

runtime::Task<Result<void>> serve(net::Stream& stream, Shared& shared) {
    stream.expires_after(kIdle);
    std::string out = "220 sink ESMTP\r\n";
    for (;;) {
        if (stream.buffered().empty() && !out.empty()) {
            PH_CO_CHECK(co_await stream.write(out));
            out.clear();
        }
        stream.expires_after(kIdle);
        PH_CO_TRY(auto line, co_await net::read_line(stream, 4096));
        auto command = smtp::parse_command(line.text);
        auto verb = command ? command->verb : smtp::Verb::unknown;
        if (verb == smtp::Verb::ehlo) {
            out += "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n";
            if (shared.tls && stream.tls() == nullptr) out += "250-STARTTLS\r\n";
            out += "250 ENHANCEDSTATUSCODES\r\n";
        } else if (verb == smtp::Verb::starttls && shared.tls) {
            out += "220 2.0.0 Go ahead\r\n";
            PH_CO_CHECK(co_await stream.write(out));
            out.clear();
            PH_CO_CHECK(co_await stream.start_tls(*shared.tls));
        } else if (verb == smtp::Verb::data) {
            out += "354 Go ahead\r\n";
            PH_CO_CHECK(co_await stream.write(out));
            out.clear();
            PH_CO_CHECK(co_await take_content(stream, shared));
            out += "250 2.0.0 Taken\r\n";
        } else if (verb == smtp::Verb::quit) {
            out += "221 2.0.0 Bye\r\n";
            PH_CO_CHECK(co_await stream.write(out));
            co_return Result<void>{};
        } else {
            out += verb == smtp::Verb::unknown ? "500 5.5.1 What?\r\n" : "250 2.0.0 Ok\r\n";
        }
    }
}

runtime::Task<void> session(std::unique_ptr<net::Stream> stream, Shared& shared) {
    ++shared.connections;
    auto ended = co_await serve(*stream, shared);
    if (ended) co_await stream->close();
}

// Errors: denied, conflict, io.
Result<std::vector<net::BoundSocket>> bind_all(const std::vector<net::ListenAddress>& addresses) {
    std::vector<net::BoundSocket> sockets;
    for (const auto& address : addresses) {
        auto ip = IpAddress::parse(address.host);
        if (!ip || !ip->is_loopback())
            return fail(ErrorKind::denied,
                        "the sink takes mail without asking, so it listens on loopback only",
                        "--listen 127.0.0.1:2525");
        PH_TRY(auto socket, net::BoundSocket::bind(address));
        sockets.push_back(std::move(socket));
    }
    return sockets;
}

}  // namespace

Result<void> run_sink(const SinkPlan& plan) {
    PH_TRY(auto sockets, bind_all(plan.listen));
    block_signals();
    Shared shared;
    if (!plan.tls_folder.empty()) {
        PH_TRY(auto files,
               net::ensure_own_certificates(plan.tls_folder, {"localhost", "127.0.0.1"}));
        net::TlsServerContext::Options options;
        options.certificates = std::move(files);
        PH_TRY(shared.tls, net::TlsServerContext::make(std::move(options)));
    }
    if (!plan.ledger.empty())
        shared.ledger = open(plan.ledger.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    Log log({.level = LogLevel::error});
    runtime::WorkerPool workers(1);
    workers.start();
    std::unique_ptr<runtime::TaskGroup> tasks;
    auto handler = [&](runtime::Worker& worker, std::unique_ptr<net::Stream> stream) {
        if (!tasks) tasks = std::make_unique<runtime::TaskGroup>(worker, log);
        tasks->spawn(session(std::move(stream), shared));
    };
    auto local = sockets.front().local().to_string();
    std::deque<net::Listener> listeners;
    for (auto& socket : sockets) {
        listeners.emplace_back(std::move(socket), workers, handler, log);
        listeners.back().start();
    }
    fmt::print("sink ready on {}\n", local);
    std::fflush(stdout);
    std::uint64_t told = 0;
    for (;;) {
        auto signal = wait_signal(kTell);
        if (signal == SIGTERM || signal == SIGINT) break;
        auto messages = shared.messages.load();
        if (messages == told) continue;
        fmt::print("{} messages, {} octets, {} connections\n", messages, shared.octets.load(),
                   shared.connections.load());
        std::fflush(stdout);
        told = messages;
    }
    for (auto& listener : listeners) listener.stop();
    fmt::print("{} messages, {} octets, {} connections\n", shared.messages.load(),
               shared.octets.load(), shared.connections.load());
    std::fflush(stdout);
    _exit(
        0);  // sessions that stand open end with the process; nothing here is worth an orderly end
}

}  // namespace posthaste::app::bench
