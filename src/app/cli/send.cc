// posthaste send: a test message, followed to its end. Through the admin socket, or with --server
// as a mail program.
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/client/smtp_client.h"
#include "app/host_port.h"
#include "net/dialer.h"
#include "net/resolver.h"
#include "runtime/task_group.h"
#include "smtp/dot.h"

#include <charconv>
#include <cstdio>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;
using formats::JsonWriter;

std::string text(const JsonValue& value, std::string_view key) {
    const auto* found = value.find(key);
    return found == nullptr ? std::string()
                            : std::string(found->as_string().value_or(std::string_view()));
}

std::int64_t number(const JsonValue& value, std::string_view key) {
    const auto* found = value.find(key);
    return found == nullptr ? 0 : found->as_int().value_or(0);
}

class Stopwatch {
  public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void tell(const Arguments& arguments, double at, std::string_view what, std::string_view words) {
    if (!arguments.json()) {
        fmt::print("{:5.2f}s {:<11} {}\n", at, what, words);
        return;
    }
    JsonWriter out;
    out.begin_object()
        .member("seconds", at)
        .member("event", what)
        .member("text", words)
        .end_object();
    fmt::print("{}\n", std::move(out).take());
}

Result<Seconds> timeout(const Arguments& arguments) {
    auto asked = arguments.get("--timeout", "120");
    std::int64_t seconds = 0;
    auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), seconds);
    if (error != std::errc() || end != asked.data() + asked.size() || seconds < 1)
        return fail(ErrorKind::syntax, fmt::format("--timeout cannot be \"{}\"", asked),
                    "a number of seconds");
    return Seconds(seconds);
}

// Prints the events of a message until every recipient has ended. 0 delivered, 1 some failed, 5
// timed out.
Result<int> follow(AdminClient& admin, const Arguments& arguments, const std::string& id,
                   std::int64_t recipients, const Stopwatch& watch, Seconds limit) {
    std::int64_t after = 0;
    std::int64_t ended = 0;
    bool all_well = true;
    while (ended < recipients) {
        auto left = static_cast<std::int64_t>(static_cast<double>(limit.count()) - watch.seconds());
        if (left < 1) {
            tell(arguments, watch.seconds(), "waiting",
                 fmt::format("gave up after {} s; posthaste queue show {}", limit.count(), id));
            return kTimedOut;
        }
        auto target = fmt::format("/v1/events/{}?after={}&timeout={}", id, after,
                                  std::min<std::int64_t>(left, 60));
        PH_TRY(auto answer, admin.call("GET", target));
        const auto* events = answer.find("events");
        if (events == nullptr)
            return fail(ErrorKind::unsupported,
                        "the server speaks another version of the admin API");
        for (const auto& event : events->items()) {
            after = number(event, "number");
            auto name = text(event, "event");
            auto words = fmt::format(
                "{}{}{} {}", text(event, "recipient"),
                text(event, "remote").empty() ? "" : "  " + text(event, "remote"),
                text(event, "tls").empty() ? "" : " " + text(event, "tls"),
                number(event, "code") == 0
                    ? text(event, "text")
                    : fmt::format(" {} {}", number(event, "code"), text(event, "text")));
            if (number(event, "next_s") > 0)
                words += fmt::format("  next try in {}",
                                     format_duration(Seconds(number(event, "next_s"))));
            tell(arguments, watch.seconds(), name, words);
            bool last =
                name == "delivered" || name == "failed" || name == "expired" || name == "cancelled";
            ended += last ? 1 : 0;
            all_well = all_well && (!last || name == "delivered");
        }
    }
    return all_well ? kDone : kNo;
}

int send_by_admin(const Arguments& arguments) {
    if (arguments.get("--from").empty()) {
        print_error(
            {ErrorKind::syntax, "who sends it?", "name an address of ours: --from ana@example.com"},
            arguments.json());
        return kUsage;
    }
    auto limit = timeout(arguments);
    if (!limit) {
        print_error(limit.error(), arguments.json());
        return kUsage;
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        Stopwatch watch;
        JsonWriter body;
        body.begin_object().member("from", arguments.get("--from"));
        body.key("to").begin_array();
        for (const auto& to : arguments.all("--to")) body.value(to);
        body.end_array()
            .member("subject", arguments.get("--subject"))
            .member("text", arguments.get("--text"))
            .end_object();
        PH_TRY(auto answer, admin.call("POST", "/v1/send", std::move(body).take()));
        auto id = text(answer, "id");
        if (!arguments.has("--wait")) {
            tell(arguments, watch.seconds(), "accepted", id);
            return kDone;
        }
        return follow(admin, arguments, id, number(answer, "recipients"), watch, *limit);
    });
}

struct Plan {
    HostPort server;
    bool tls_at_once = false, verify = true;
    std::string ca_file, login, from, wire;
    Secret password;
    std::vector<std::string> to;
    Seconds limit{120};
    bool json = false;
};

std::string compose(const Plan& plan, const Arguments& arguments) {
    auto subject = arguments.get("--subject", "Test from Posthaste");
    auto words =
        arguments.get("--text", "This is a test message.\r\n\r\nIf you read it, mail goes out.");
    std::string content = fmt::format(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\nContent-Type: text/plain; "
        "charset=utf-8\r\n\r\n{}\r\n",
        plan.from, fmt::join(plan.to, ", "), subject, words);
    std::string wire;
    smtp::DotEncoder encoder;
    encoder.feed(content, wire);
    encoder.finish(wire);
    return wire;
}

runtime::Task<Result<void>> talk(SmtpClient& client, const Plan& plan, const Arguments& arguments,
                                 const Stopwatch& watch) {
    std::shared_ptr<net::TlsClientContext> context;
    PH_CO_TRY(context, net::TlsClientContext::make(plan.ca_file));
    net::TlsClientPolicy policy{plan.server.host, plan.verify, {}};
    if (plan.tls_at_once) {
        PH_CO_CHECK(co_await client.tls_at_once(*context, policy));
    }
    PH_CO_TRY(auto banner, co_await client.greeting());
    tell(arguments, watch.seconds(), "banner", banner.text());
    PH_CO_TRY(auto hello, co_await client.ehlo("posthaste-send"));
    if (!plan.tls_at_once && client.offered().starttls) {
        PH_CO_CHECK(co_await client.start_tls(*context, policy));
        PH_CO_TRY(hello, co_await client.ehlo("posthaste-send"));
    }
    if (const auto* tls = client.stream().tls())
        tell(arguments, watch.seconds(), "tls",
             fmt::format("{} {}{}", tls->version, tls->cipher,
                         tls->verified ? ", certificate ok" : ", certificate not verified"));
    if (!plan.login.empty()) {
        if (client.stream().tls() == nullptr)
            co_return fail(ErrorKind::tls,
                           "the server offers no encryption, so the password was not sent",
                           "use --tls with port 465");
        PH_CO_TRY(auto welcome, co_await client.login_plain(plan.login, plan.password));
        tell(arguments, watch.seconds(), "login", welcome.text());
    }
    PH_CO_TRY(auto accepted, co_await client.send(plan.from, plan.to, plan.wire));
    tell(arguments, watch.seconds(), "accepted",
         fmt::format("{} {}", accepted.code, accepted.text()));
    co_await client.quit();
    co_return Result<void>{};
}

runtime::Task<Result<void>> connect_and_talk(const Plan& plan, const Arguments& arguments,
                                             const Stopwatch& watch, Log& log) {
    PH_CO_TRY(auto resolver, net::Resolver::make({}, log));
    auto found =
        co_await resolver->system_addresses(plan.server.host, Deadline::after(Seconds(10)));
    if (found.addresses.empty())
        co_return fail(ErrorKind::dns,
                       fmt::format("{} has no address: {}", plan.server.host, found.why),
                       "check the name of the server");
    Result<void> last = fail(ErrorKind::refused, "no address answered");
    for (const auto& address : found.addresses) {
        auto stream = co_await net::dial({address, plan.server.port}, Deadline::after(Seconds(10)));
        if (!stream) {
            last = fail(stream.error().kind,
                        fmt::format("{} port {}: {}", address.to_string(), plan.server.port,
                                    stream.error().text),
                        "is the server running, and is the port right?");
            continue;
        }
        SmtpClient client(std::move(*stream), plan.limit);
        co_return co_await talk(client, plan, arguments, watch);
    }
    co_return last;
}

runtime::Task<void> run_plan(const Plan& plan, const Arguments& arguments, Log& log,
                             Result<void>& outcome, runtime::Worker& worker) {
    Stopwatch watch;
    outcome = co_await connect_and_talk(plan, arguments, watch, log);
    worker.stop();
}

Result<Plan> make_plan(const Arguments& arguments) {
    Plan plan;
    PH_TRY(plan.server, parse_host_port(arguments.get("--server")));
    PH_TRY(plan.limit, timeout(arguments));
    plan.tls_at_once = arguments.has("--tls") || plan.server.port == 465;
    plan.verify = !arguments.has("--insecure");
    plan.ca_file = arguments.get("--ca-file");
    plan.login = arguments.get("--user");
    plan.from = arguments.get("--from", plan.login.empty() ? "demo@example.test" : plan.login);
    plan.to = arguments.all("--to");
    if (!plan.login.empty()) {
        PH_TRY(auto password, read_password(arguments, fmt::format("password of {}", plan.login)));
        plan.password = Secret(std::move(password));
    }
    plan.wire = compose(plan, arguments);
    return plan;
}

int send_by_smtp(const Arguments& arguments) {
    auto plan = make_plan(arguments);
    if (!plan) {
        print_error(plan.error(), arguments.json());
        return kUsage;
    }
    Log quiet({.level = LogLevel::error});
    Result<void> outcome;
    {
        runtime::Worker worker("send");
        runtime::TaskGroup tasks(worker, quiet);
        worker.post([&] { tasks.spawn(run_plan(*plan, arguments, quiet, outcome, worker)); });
        worker.run();
    }
    if (outcome) return kDone;
    print_error(outcome.error(), arguments.json());
    // A reply of the server is a refusal, not an unreachable server.
    return outcome.error().kind == ErrorKind::refused && outcome.error().text.contains("answered")
               ? kRefused
               : exit_code_of(outcome.error());
}

}  // namespace

int run_send(const Arguments& arguments) {
    if (arguments.all("--to").empty()) {
        print_error(
            {ErrorKind::syntax, "nobody to send to", "name at least one: --to bob@example.net"},
            arguments.json());
        return kUsage;
    }
    return arguments.has("--server") ? send_by_smtp(arguments) : send_by_admin(arguments);
}

}  // namespace posthaste::app::cli
