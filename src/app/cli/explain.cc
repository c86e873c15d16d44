// posthaste explain REPLY and posthaste overrides …
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/cli/json_members.h"
#include "app/config/config.h"
#include "app/services/reply_rules.h"
#include "base/time.h"
#include "base/utf8.h"
#include "formats/json.h"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::cli {

namespace {

using delivery::Reading;
using delivery::Turn;
using formats::JsonValue;
using formats::JsonWriter;

constexpr std::size_t kMostReply = 4096;

// Without a configuration the program's own rules are asked; one that has a mistake is told.
Result<std::shared_ptr<const delivery::VerdictRules>> rules_of(const Arguments& arguments) {
    const std::string file = arguments.get("--config", default_config_file());
    if (!arguments.has("--config") && access(file.c_str(), R_OK) != 0) {
        return delivery::VerdictRules::make("", "");
    }
    const auto settings = configuration(arguments);
    if (!settings)
        return fail(ErrorKind::syntax, "the configuration has a mistake", "posthaste check");
    PH_TRY(const auto rules, reply_rules(*settings));
    return rules.verdicts;
}

std::string kind_of(const delivery::ReplyFacts& reply, const Reading& reading) {
    if (reply.code < 400) return "no refusal";
    if (reading.suspend) return "temporary: mail for this relay waits";
    const bool permanent = reply.code >= 500;
    if (permanent && reading.turn == Turn::defer)
        return fmt::format("final by its code, tried again for {} all the same",
                           format_duration(reading.limit));
    if (!permanent && reading.turn == Turn::fail) return "temporary by its code, taken as final";
    return permanent ? "final" : "temporary: tried again";
}

int answer(const Arguments& arguments, const delivery::ReplyFacts& reply, const Reading& reading) {
    const bool known = reading.cause != mail::Cause::unknown || !reading.rule.empty();
    if (arguments.json()) {
        JsonWriter out;
        out.begin_object()
            .member("code", reply.code)
            .member("status", reply.status ? reply.status->to_string() : std::string())
            .member("class", mail::to_string(reading.cause))
            .member("rule", reading.rule)
            .member("provider", reading.provider)
            .member("permanent",
                    reply.code >= 500 && reading.turn != Turn::defer && !reading.suspend)
            .member("who", mail::to_string(reading.actor))
            .member("words", reading.words)
            .member("advice", reading.advice)
            .member("source", reading.source_url);
        if (reading.retry_after) out.member("retry_after_s", reading.retry_after->count());
        out.end_object();
        fmt::print("{}\n", std::move(out).take());
        return known ? kDone : kNo;
    }
    fmt::print("{}\n\n", reading.words);
    fmt::print("  class     {}\n", mail::to_string(reading.cause));
    fmt::print("  kind      {}\n", kind_of(reply, reading));
    fmt::print("  must act  {}\n", mail::describe(reading.actor));
    fmt::print("  what      {}\n", reading.advice);
    if (reading.retry_after)
        fmt::print("  again     in {}\n", format_duration(*reading.retry_after));
    fmt::print("  by        {}{}\n", reading.rule.empty() ? "no rule fits" : "rule " + reading.rule,
               reading.provider.empty() ? std::string() : " (host of " + reading.provider + ")");
    if (!reading.source_url.empty()) fmt::print("  see       {}\n", reading.source_url);
    return known ? kDone : kNo;
}

void print_override(const JsonValue& one) {
    fmt::print("{}\n", text(one, "id"));
    fmt::print("  {}: {}, for {} more\n", text(one, "applies"), text(one, "what"),
               format_duration(Seconds(number(one, "left_s"))));
    if (const auto note = text(one, "note"); !note.empty()) fmt::print("  why    {}\n", note);
    const auto replies = number(one, "replies");
    fmt::print("  first  {}\n", text(one, "first_reply"));
    if (replies > 1)
        fmt::print("  last   {} ({}, {} in all)\n", text(one, "last_reply"), text(one, "host"),
                   replies);
}

}  // namespace

int run_explain(const Arguments& arguments) {
    std::string line;
    for (const auto& word : arguments.words) line += (line.empty() ? "" : " ") + word;
    const auto reply = delivery::read_reply_line(line.substr(0, kMostReply));
    if (!reply || !utf8::is_valid(line)) {
        print_error({ErrorKind::syntax, "that is no SMTP reply",
                     "give it as it stands in the bounce or the log: posthaste explain "
                     "\"550 5.1.1 No such user\"; for the numbers of Outlook see /help on the "
                     "server's own page"},
                    arguments.json());
        return kUsage;
    }
    const auto rules = rules_of(arguments);
    if (!rules) {
        print_error(rules.error(), arguments.json());
        return kConfiguration;
    }
    delivery::ReplyFacts facts = *reply;
    facts.host = arguments.get("--host");
    facts.any_provider = facts.host.empty();
    if (arguments.has("--relay")) facts.smarthost = true;
    return answer(arguments, facts, (*rules)->read(facts));
}

int run_overrides_list(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(const auto found, admin.call("GET", "/v1/overrides"));
        const auto* all = found.find("overrides");
        const bool nothing = all == nullptr || all->items().empty();
        if (arguments.json()) {
            if (!nothing) {
                for (const auto& one : all->items()) fmt::print("{}\n", formats::to_json(one));
            }
            return kDone;
        }
        if (nothing)
            fmt::print("nothing is changed: no reply has set off a rule\n");
        else {
            for (const auto& one : all->items()) print_override(one);
        }
        return kDone;
    });
}

int run_overrides_clear(const Arguments& arguments) {
    const std::string which = arguments.words.empty() ? std::string() : arguments.words[0];
    if (which.empty() && !arguments.has("--all")) {
        print_error({ErrorKind::syntax, "which one is not said",
                     "name an override, a rule or a provider (posthaste overrides list), or --all"},
                    arguments.json());
        return kUsage;
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        JsonWriter body;
        body.begin_object().member("which", which).end_object();
        PH_TRY(const auto done, admin.call("POST", "/v1/overrides/clear", std::move(body).take()));
        if (arguments.json())
            fmt::print("{}\n", formats::to_json(done));
        else
            fmt::print(
                "{} cleared; waiting mail goes on by itself, or at once with: posthaste queue "
                "retry "
                "--all\n",
                number(done, "cleared"));
        return kDone;
    });
}

}  // namespace posthaste::app::cli
