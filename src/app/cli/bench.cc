// posthaste bench: the load generator and the sink, on loopback only.
#include "app/bench/load.h"
#include "app/bench/sink.h"
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/config/host_port.h"
#include "app/config/units.h"
#include "app/process.h"
#include "base/file.h"
#include "formats/json.h"
#include "net/dialer.h"
#include "runtime/task_group.h"
#include "runtime/worker.h"

#include <charconv>
#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

constexpr Seconds kKnock{5};

Result<std::size_t> count(const Arguments& arguments, std::string_view flag,
                          std::string_view fallback) {
    auto text = arguments.get(flag, fallback);
    std::size_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0)
        return fail(ErrorKind::syntax, fmt::format("{} cannot be \"{}\"", flag, text),
                    "a number from 1");
    return number;
}

Result<bench::LoadPlan> load_plan(const Arguments& arguments) {
    bench::LoadPlan plan;
    PH_TRY(auto server, parse_host_port(arguments.get("--server", "127.0.0.1:1587")));
    auto address = IpAddress::parse(server.host);
    if (!address)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no address", server.host),
                    "--server 127.0.0.1:1587");
    plan.target = {*address, server.port};
    plan.encryption = arguments.has("--plain") ? bench::Encryption::none
                      : arguments.has("--tls") ? bench::Encryption::implicit
                                               : bench::Encryption::starttls;
    plan.login = arguments.get("--user");
    if (!plan.login.empty()) {
        PH_TRY(auto password, read_password(arguments, fmt::format("password of {}", plan.login)));
        plan.password = Secret(std::move(password));
    }
    PH_TRY(plan.sessions, count(arguments, "--sessions", "50"));
    PH_TRY(plan.messages, count(arguments, "--messages", "10000"));
    PH_TRY(plan.per_connection, count(arguments, "--per-connection", "20"));
    PH_TRY(plan.threads, count(arguments, "--threads", "1"));
    PH_TRY(auto size, parse_size(arguments.get("--size", "4 KB")));
    plan.size = static_cast<std::size_t>(size);
    plan.from = arguments.get("--from", plan.login.empty() ? "demo@example.test" : plan.login);
    plan.to = arguments.all("--to");
    if (plan.to.empty()) plan.to = {"sink@example.test"};
    plan.ledger = arguments.get("--ledger");
    plan.page = arguments.get("--page", "/");
    if (arguments.has("--post")) {
        PH_TRY(plan.post, read_file(arguments.get("--post"), 1 << 20));
    }
    return plan;
}

runtime::Task<void> knock(net::Endpoint target, Result<void>& status, runtime::Worker& worker) {
    auto dialing = net::dial(target, Deadline::after(kKnock));
    auto stream = co_await std::move(dialing);
    if (stream) {
        co_await (*stream)->close();
    } else {
        status = std::unexpected(std::move(stream).error());
    }
    worker.stop();
}

// Once before the load: thousands of refused connections would say no more.
Result<void> check_target(const net::Endpoint& target) {
    Log quiet{{.level = LogLevel::error}};
    runtime::Worker worker("bench");
    runtime::TaskGroup tasks(worker, quiet);
    Result<void> status;
    worker.post([&] { tasks.spawn(knock(target, status, worker)); });
    worker.run();
    if (status) return {};
    return fail(ErrorKind::refused,
                fmt::format("cannot reach {}: {}", target.to_string(), status.error().text),
                "start a server there (posthaste try), or name another: --server HOST:PORT");
}

Result<int> load(const Arguments& arguments) {
    PH_TRY(auto plan, load_plan(arguments));
    if (plan.target.address.is_loopback()) PH_CHECK(check_target(plan.target));
    auto mode = arguments.get("--mode", "accept");
    auto wanted = mode == "logins" ? plan.sessions : plan.messages;
    const auto run = mode == "logins"  ? bench::run_logins
                     : mode == "pages" ? bench::run_pages
                                       : bench::run_load;
    PH_TRY(auto report, run(plan));
    auto rate = report.seconds > 0 ? static_cast<double>(report.acknowledged) / report.seconds : 0;
    if (arguments.json()) {
        formats::JsonWriter out;
        out.begin_object()
            .member("acknowledged", report.acknowledged)
            .member("refused", report.refused);
        out.member("broken", report.broken).member("seconds", report.seconds).member("rate", rate);
        out.member("p50_ms", report.p50_ms)
            .member("p99_ms", report.p99_ms)
            .member("login_p50_ms", report.login_p50_ms)
            .key("refusals")
            .begin_object();
        for (const auto& [text, times] : report.refusals) out.member(text, times);
        out.end_object().end_object();
        fmt::print("{}\n", std::move(out).take());
    } else {
        fmt::print(
            "{} acknowledged, {} refused, {} broken in {:.2f} s: {:.0f} a second; message to reply "
            "p50 {:.1f} ms, p99 {:.1f} ms\n",
            report.acknowledged, report.refused, report.broken, report.seconds, rate, report.p50_ms,
            report.p99_ms);
        for (const auto& [text, times] : report.refusals)
            fmt::print("  {} times: {}\n", times, text);
    }
    return report.acknowledged == wanted ? kDone : kNo;
}

Result<int> sink(const Arguments& arguments) {
    bench::SinkPlan plan;
    auto listen = arguments.all("--listen");
    if (listen.empty()) listen = {"127.0.0.1:2525"};
    for (const auto& text : listen) {
        PH_TRY(auto address, net::ListenAddress::parse(text));
        plan.listen.push_back(std::move(address));
    }
    plan.ledger = arguments.get("--ledger");
    plan.tls_folder = arguments.get("--tls-folder");
    PH_CHECK(bench::run_sink(plan));
    return kDone;
}

Result<int> idle(const Arguments& arguments) {
    PH_TRY(auto plan, load_plan(arguments));
    if (plan.target.address.is_loopback()) PH_CHECK(check_target(plan.target));
    PH_TRY(auto standing, bench::run_idle(plan));
    return standing == plan.sessions ? kDone : kNo;
}

}  // namespace

int run_bench(const Arguments& arguments) {
    raise_file_limit();
    auto mode = arguments.get("--mode", "accept");
    Result<int> code = fail(ErrorKind::syntax, fmt::format("there is no mode \"{}\"", mode),
                            "one of: accept, logins, pages, idle, sink");
    if (mode == "accept" || mode == "logins" || mode == "pages") code = load(arguments);
    if (mode == "idle") code = idle(arguments);
    if (mode == "sink") code = sink(arguments);
    if (code) return *code;
    print_error(code.error(), arguments.json());
    return exit_code_of(code.error());
}

}  // namespace posthaste::app::cli
