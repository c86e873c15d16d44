#include "app/bench/load.h"

#include "app/client/smtp_client.h"
#include "base/mutex.h"
#include "net/dialer.h"
#include "runtime/task_group.h"
#include "runtime/timer.h"
#include "runtime/worker.h"
#include "smtp/dot.h"
#include "web/http/http_client.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <iostream>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::bench {

namespace {

constexpr Seconds kStep{60};
constexpr std::size_t kRefusalKinds = 20;

std::string numbered(std::string_view pattern, std::size_t number) {
    auto mark = pattern.find("%d");
    if (mark == std::string_view::npos) return std::string(pattern);
    return fmt::format("{}{}{}", pattern.substr(0, mark), number, pattern.substr(mark + 2));
}

// What all sessions of all threads share.
struct Shared {
    explicit Shared(const LoadPlan& p) : plan(p) {}

    const LoadPlan& plan;
    std::shared_ptr<net::TlsClientContext> tls;
    std::string filler;  // dot-stuffed body with its end
    int ledger = -1;
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> standing{0};
    std::atomic<std::size_t> opening{0};  // idle sessions that do not stand yet
    std::atomic<bool> release{false};
    SteadyTime start = std::chrono::steady_clock::now();

    Mutex mutex;
    LoadReport report PH_GUARDED_BY(mutex);
    std::vector<float> latencies PH_GUARDED_BY(mutex);
    std::vector<float> logins PH_GUARDED_BY(mutex);

    void acknowledged(std::size_t number, float milliseconds) {
        if (ledger >= 0) {
            // One write a line, before anything else happens: a generator that dies has told all it
            // knows.
            auto line = fmt::format("{}\n", number);
            if (write(ledger, line.data(), line.size()) < 0) std::perror("ledger");
        }
        MutexLock lock(mutex);
        ++report.acknowledged;
        latencies.push_back(milliseconds);
    }

    void logged_in(float milliseconds) {
        MutexLock lock(mutex);
        logins.push_back(milliseconds);
    }

    void refused(const std::string& text) {
        MutexLock lock(mutex);
        ++report.refused;
        if (report.refusals.size() < kRefusalKinds || report.refusals.contains(text))
            ++report.refusals[text];
    }

    void failed(const Error& error) {
        if (error.kind == ErrorKind::refused)
            refused(error.text);
        else
            broken(error.text);
    }

    void broken(const std::string& text) {
        MutexLock lock(mutex);
        ++report.broken;
        if (report.refusals.size() < kRefusalKinds || report.refusals.contains(text))
            ++report.refusals[text];
    }
};

float milliseconds_since(SteadyTime before) {
    return std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - before)
        .count();
}

// The value that `share` of them do not exceed; sorts.
double percentile(std::vector<float>& values, double share) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    auto at = static_cast<std::size_t>(static_cast<double>(values.size()) * share);
    return static_cast<double>(values[std::min(at, values.size() - 1)]);
}

std::string filler(std::size_t size) {
    std::string body = "\r\n";
    while (body.size() + 80 < size)
        body += "The quick brown fox jumps over the lazy dog and measures how long that takes.\r\n";
    std::string wire;
    smtp::DotEncoder encoder;
    encoder.feed(body, wire);
    encoder.finish(wire);
    return wire;
}

runtime::Task<Result<std::unique_ptr<SmtpClient>>> log_in(Shared& shared, std::size_t session) {
    const auto& plan = shared.plan;
    auto stream = co_await net::dial(plan.target, Deadline::after(kStep));
    if (!stream) co_return std::unexpected(std::move(stream).error());
    auto client = std::make_unique<SmtpClient>(std::move(*stream), kStep);
    net::TlsClientPolicy policy{"localhost", false, {}};
    if (plan.encryption == Encryption::implicit) {
        PH_CO_CHECK(co_await client->tls_at_once(*shared.tls, policy));
    }
    PH_CO_TRY([[maybe_unused]] auto banner, co_await client->greeting());
    PH_CO_TRY([[maybe_unused]] auto hello, co_await client->ehlo("bench"));
    if (plan.encryption == Encryption::starttls) {
        PH_CO_CHECK(co_await client->start_tls(*shared.tls, policy));
        PH_CO_TRY([[maybe_unused]] auto again, co_await client->ehlo("bench"));
    }
    if (!plan.login.empty()) {
        PH_CO_TRY([[maybe_unused]] auto welcome,
                  co_await client->login_plain(numbered(plan.login, session), plan.password));
    }
    co_return client;
}

// One connection's worth; false when nothing is left to send.
runtime::Task<bool> one_connection(Shared& shared, std::size_t session) {
    const auto& plan = shared.plan;
    if (shared.next.load() >= plan.messages) co_return false;
    auto start = std::chrono::steady_clock::now();
    auto client = co_await log_in(shared, session);
    if (client) shared.logged_in(milliseconds_since(start));
    if (!client) {
        shared.failed(client.error());
        // The message it would have carried counts as tried, so that a server that refuses all ends
        // the run.
        co_return ++shared.next < plan.messages;
    }
    for (std::size_t i = 0; i < plan.per_connection; ++i) {
        auto number = shared.next.fetch_add(1);
        if (number >= plan.messages) break;
        auto to = numbered(plan.to[number % plan.to.size()], number);
        auto wire = fmt::format(
            "From: <{}>\r\nTo: <{}>\r\nSubject: bench {}\r\nDate: Mon, 23 Nov 2026 14:00:00 "
            "+0000\r\nMessage-ID: <bench.{}@localhost>\r\nX-Bench: {}\r\n{}",
            plan.from, to, number, number, number, shared.filler);
        auto before = std::chrono::steady_clock::now();
        std::vector<std::string> recipients{to};
        auto reply = co_await (*client)->send(plan.from, std::move(recipients), wire);
        auto took = milliseconds_since(before);
        if (reply) {
            shared.acknowledged(number, took);
        } else {
            shared.failed(reply.error());
            if (reply.error().kind != ErrorKind::refused) co_return true;
        }
    }
    co_await (*client)->quit();
    co_return true;
}

// `running` counts the sessions of this thread alone: the last one ends its worker.
runtime::Task<void> session_loop(Shared& shared, std::size_t session, std::size_t& running,
                                 runtime::Worker& worker) {
    bool more = true;
    while (more) more = co_await one_connection(shared, session);
    if (--running == 0) worker.stop();
}

runtime::Task<Result<std::unique_ptr<net::Stream>>> open_web(Shared& shared) {
    const auto& plan = shared.plan;
    PH_CO_TRY(auto stream, co_await net::dial(plan.target, Deadline::after(kStep)));
    if (plan.encryption != Encryption::none) {
        net::TlsClientPolicy policy{"localhost", false, {"http/1.1"}};
        stream->expires_after(kStep);
        PH_CO_CHECK(co_await stream->start_tls(*shared.tls, policy));
    }
    co_return std::move(stream);
}

runtime::Task<void> ask_pages(Shared& shared, std::size_t, std::size_t& running,
                              runtime::Worker& worker) {
    const auto& plan = shared.plan;
    const std::string method = plan.post.empty() ? "GET" : "POST";
    auto before = std::chrono::steady_clock::now();
    auto stream = co_await open_web(shared);
    if (stream)
        shared.logged_in(milliseconds_since(before));
    else
        shared.failed(stream.error());
    while (stream) {
        const auto number = shared.next.fetch_add(1);
        if (number >= plan.messages) break;
        before = std::chrono::steady_clock::now();
        auto answer = co_await web::http_request(**stream, method, plan.page, plan.post,
                                                 Deadline::after(kStep));
        if (!answer) {
            shared.failed(answer.error());
            break;
        }
        if (answer->status == 200)
            shared.acknowledged(number, milliseconds_since(before));
        else
            shared.refused(fmt::format("status {}", answer->status));
    }
    if (stream) (*stream)->abort();
    if (--running == 0) worker.stop();
}

runtime::Task<void> login_once(Shared& shared, std::size_t session, std::size_t& running,
                               runtime::Worker& worker) {
    auto before = std::chrono::steady_clock::now();
    auto client = co_await log_in(shared, session);
    auto took = milliseconds_since(before);
    if (client) {
        shared.acknowledged(session, took);
        co_await (*client)->quit();
    } else {
        shared.failed(client.error());
    }
    if (--running == 0) worker.stop();
}

runtime::Task<void> hold_open(Shared& shared, std::size_t session, std::size_t& running,
                              runtime::Worker& worker) {
    auto client = co_await log_in(shared, session);
    if (client)
        ++shared.standing;
    else
        shared.failed(client.error());
    --shared.opening;
    while (!shared.release) {
        auto slept = co_await runtime::sleep_for(Milliseconds(200));
        if (!slept) break;
    }
    if (client) (*client)->stream().abort();
    if (--running == 0) worker.stop();
}

Result<void> check(const LoadPlan& plan) {
    if (!plan.target.address.is_loopback())
        return fail(
            ErrorKind::denied,
            fmt::format("{} is not on loopback; a load test against other machines is refused",
                        plan.target.to_string()),
            "run it on the server itself, against 127.0.0.1");
    return {};
}

Result<void> prepare(Shared& shared) {
    PH_CHECK(check(shared.plan));
    PH_TRY(shared.tls, net::TlsClientContext::make({}));
    shared.filler = filler(shared.plan.size);
    if (shared.plan.ledger.empty()) return {};
    shared.ledger =
        open(shared.plan.ledger.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (shared.ledger < 0)
        return fail(ErrorKind::io, fmt::format("cannot write the ledger {}", shared.plan.ledger));
    return {};
}

// Each thread has its own worker and its share of the sessions.
using Loop = runtime::Task<void> (*)(Shared&, std::size_t, std::size_t&, runtime::Worker&);

void run_thread(Shared& shared, std::size_t first, std::size_t count, Loop loop, Log& log) {
    runtime::Worker worker("bench", first);
    runtime::TaskGroup tasks(worker, log);
    auto running = count;
    worker.post([&] {
        for (std::size_t i = 0; i < count; ++i)
            tasks.spawn(loop(shared, first + i, running, worker));
    });
    worker.run();
}

// All sessions, on `plan.threads` threads, until each has ended.
Result<LoadReport> run_sessions(const LoadPlan& plan, Loop loop) {
    Shared shared(plan);
    PH_CHECK(prepare(shared));
    Log log({.level = LogLevel::error});
    std::vector<std::thread> threads;
    auto count = std::max<std::size_t>(1, std::min(plan.threads, plan.sessions));
    shared.start = std::chrono::steady_clock::now();
    std::size_t first = 0;
    for (std::size_t t = 0; t < count; ++t) {
        auto share = plan.sessions / count + (t < plan.sessions % count ? 1 : 0);
        threads.emplace_back(
            [&shared, first, share, loop, &log] { run_thread(shared, first, share, loop, log); });
        first += share;
    }
    for (auto& thread : threads) thread.join();
    if (shared.ledger >= 0) close(shared.ledger);
    MutexLock lock(shared.mutex);
    auto report = shared.report;
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - shared.start).count();
    report.p50_ms = percentile(shared.latencies, 0.50);
    report.p99_ms = percentile(shared.latencies, 0.99);
    report.login_p50_ms = percentile(shared.logins, 0.50);
    return report;
}

}  // namespace

Result<LoadReport> run_load(const LoadPlan& plan) {
    return run_sessions(plan, session_loop);
}

Result<LoadReport> run_logins(const LoadPlan& plan) {
    return run_sessions(plan, login_once);
}

Result<LoadReport> run_pages(const LoadPlan& plan) {
    return run_sessions(plan, ask_pages);
}

Result<std::size_t> run_idle(const LoadPlan& plan) {
    Shared shared(plan);
    PH_CHECK(prepare(shared));
    Log log({.level = LogLevel::error});
    shared.opening = plan.sessions;
    std::thread thread([&] { run_thread(shared, 0, plan.sessions, hold_open, log); });
    while (shared.opening > 0) std::this_thread::sleep_for(Milliseconds(50));
    {
        MutexLock lock(shared.mutex);
        for (const auto& [text, times] : shared.report.refusals)
            fmt::print("  {} times: {}\n", times, text);
    }
    fmt::print("{} sessions stand, logged in; end of input closes them\n", shared.standing.load());
    std::fflush(stdout);
    std::string line;
    while (std::getline(std::cin, line)) continue;
    shared.release = true;
    thread.join();
    return shared.standing.load();
}

}  // namespace posthaste::app::bench
