// posthaste send --server: the test message said to any server, as a mail program would, with every
// word of it printed, and a refusal read the way a person needs it.
#include "app/cli/configuration.h"
#include "app/cli/send_output.h"
#include "app/client/dialect_talk.h"
#include "app/client/talk_reading.h"
#include "base/levenshtein.h"
#include "formats/json.h"
#include "runtime/task_group.h"
#include "runtime/worker.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonWriter;

Result<const Dialect*> dialect_of(const Arguments& arguments) {
    if (!arguments.has("--as")) return &plain_dialect();
    const auto name = arguments.get("--as");
    if (const auto* dialect = find_dialect(name)) return dialect;
    std::vector<std::string_view> names;
    for (const auto& known : dialects()) names.push_back(known.name);
    const auto near = closest(name, names);
    return fail(ErrorKind::syntax, fmt::format("no mail program is called \"{}\" here", name),
                near ? fmt::format("did you mean \"{}\"?", *near)
                     : fmt::format("one of: {}", fmt::join(names, ", ")));
}

Result<TlsWish> tls_wish(const Arguments& arguments) {
    const auto mode = arguments.get("--tls");
    if (mode.empty()) return TlsWish::automatic;
    if (mode == "none") return TlsWish::none;
    if (mode == "starttls") return TlsWish::starttls;
    if (mode == "implicit") return TlsWish::implicit;
    return fail(ErrorKind::syntax, fmt::format("--tls cannot be \"{}\"", mode),
                "one of: none, starttls, implicit");
}

Result<TalkPlan> make_plan(const Arguments& arguments) {
    TalkPlan plan;
    PH_TRY(plan.dialect, dialect_of(arguments));
    PH_TRY(plan.server, parse_host_port(arguments.get("--server")));
    PH_TRY(plan.tls, tls_wish(arguments));
    PH_TRY(plan.limit, send_timeout(arguments));
    plan.verify = !arguments.has("--insecure");
    plan.old_tls = arguments.has("--old-tls");
    plan.ca_file = arguments.get("--ca-file");
    plan.login = arguments.get("--login", arguments.get("--user"));
    const auto from =
        arguments.get("--from", plan.login.contains('@') ? plan.login : "demo@example.test");
    PH_TRY(plan.message.from, mail::Mailbox::parse(from));
    for (const auto& text : arguments.all("--to")) {
        PH_TRY(auto to, mail::Mailbox::parse(text));
        plan.message.to.push_back(std::move(to));
    }
    plan.message.subject = arguments.get("--subject");
    plan.message.text = arguments.get("--text");
    PH_TRY([[maybe_unused]] auto composed,
           mail::compose(plan.message));  // before a password is asked
    if (!plan.login.empty()) {
        PH_TRY(auto password, read_password(arguments, fmt::format("password of {}", plan.login)));
        plan.password = Secret(std::move(password));
    }
    return plan;
}

void print_step(const Arguments& arguments, double at, const DialectTalk::Step& step) {
    const auto stage = to_string(step.stage);
    if (arguments.json()) {
        JsonWriter out;
        out.begin_object().member("seconds", at).member("event", stage);
        if (!step.said.empty()) out.member("said", step.said);
        if (step.code != 0) out.member("code", step.code);
        out.member("text", step.heard).end_object();
        fmt::print("{}\n", std::move(out).take());
        return;
    }
    if (step.said.empty()) return tell(arguments, at, stage, step.heard);
    tell(arguments, at, stage, step.said);
    fmt::print("{:19}{}\n", "", step.heard);
}

struct Ended {
    Result<void> outcome = fail(ErrorKind::cancelled, "it did not begin");
    TalkFailure failure;
};

runtime::Task<void> talk_and_stop(DialectTalk& talk, Log& log, Ended& ended,
                                  runtime::Worker& worker) {
    auto talking = talk.run(log);
    ended.outcome = co_await std::move(talking);
    if (!ended.outcome)
        ended.failure = {talk.stage(),     ended.outcome.error().kind, talk.refusal(),
                         talk.encrypted(), talk.certificate_fault(),   talk.foreign_line()};
    worker.stop();
}

Ended talk(const TalkPlan& plan, const Arguments& arguments) {
    const Stopwatch watch;
    Log quiet({.level = LogLevel::error});
    Ended ended;
    std::string accepted;
    DialectTalk talk(plan, [&](const DialectTalk::Step& step) {
        if (step.stage == Stage::content) accepted = step.heard;
        print_step(arguments, watch.seconds(), step);
    });
    runtime::Worker worker("send");
    runtime::TaskGroup tasks(worker, quiet);
    worker.post([&] { tasks.spawn(talk_and_stop(talk, quiet, ended, worker)); });
    worker.run();
    if (ended.outcome) tell(arguments, watch.seconds(), "accepted", accepted);
    if (ended.outcome && talk.login_left_out())
        tell(arguments, watch.seconds(), "login",
             fmt::format("none was made, as nothing was encrypted: the server took the message "
                         "without one, and nothing is known of the password of {}",
                         plan.login));
    return ended;
}

void print_failure(const TalkPlan& plan, const Ended& ended, bool json) {
    const auto reading = read_talk(plan, ended.failure);
    const auto& error = ended.outcome.error();
    const auto stage = to_string(ended.failure.stage);
    if (json) {
        JsonWriter out;
        out.begin_object().member("error", error.text).member("stage", stage);
        if (ended.failure.reply)
            out.member("code", ended.failure.reply->code)
                .member("reply", ended.failure.reply->text());
        if (!reading.outlook.empty()) out.member("outlook", reading.outlook);
        if (!reading.cause.empty()) out.member("cause", reading.cause);
        out.key("steps").begin_array();
        for (const auto& step : reading.steps) out.value(step);
        out.end_array();
        if (!error.mend.empty()) out.member("mend", error.mend);
        if (!reading.next.empty()) out.member("next", reading.next);
        out.end_object();
        say(std::move(out).take() + "\n");
        return;
    }
    const auto line = [](std::string_view head, std::string_view words) {
        if (!words.empty()) say(fmt::format("  {:<8} {}\n", head, words));
    };
    say(fmt::format("error: {}\n", error.text));
    line("stage", fmt::format("{}, as {}", stage, plan.dialect->program));
    line("Outlook", reading.outlook);
    line("cause", reading.cause);
    line("mend", error.mend);
    for (std::size_t i = 0; i < reading.steps.size(); ++i)
        line(i == 0 && error.mend.empty() ? "mend" : "", reading.steps[i]);
    line("next", reading.next);
}

}  // namespace

int send_by_smtp(const Arguments& arguments) {
    auto plan = make_plan(arguments);
    if (!plan) {
        print_error(plan.error(), arguments.json());
        return kUsage;
    }
    const auto ended = talk(*plan, arguments);
    if (ended.outcome) return kDone;
    std::fflush(stdout);
    print_failure(*plan, ended, arguments.json());
    // A reply of the server is a refusal, not an unreachable server.
    if (ended.failure.reply) return kRefused;
    const auto& error = ended.outcome.error();
    const bool no_host = ended.failure.stage == Stage::connect && error.kind == ErrorKind::dns;
    return no_host ? kUnreachable : exit_code_of(error);
}

}  // namespace posthaste::app::cli
