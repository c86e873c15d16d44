// posthaste queue show DESTINATION --plan
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "base/time.h"
#include "formats/url.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;
using formats::percent_encode;

constexpr Seconds kPatience{120};  // several names to look up, each 30 s at most

std::string joined(const JsonValue& value, std::string_view key) {
    std::string all;
    for (const auto& item : items(value, key)) {
        if (!all.empty()) all += ", ";
        all += item.as_string().value_or("");
    }
    return all;
}

void print_route(const JsonValue& plan) {
    fmt::print("mail to {}", text(plan, "destination"));
    if (!text(plan, "from").empty()) fmt::print(" from {}", text(plan, "from"));
    if (!text(plan, "account").empty()) fmt::print(" by account {}", text(plan, "account"));
    fmt::print("\n  route     {}: {}\n", text(plan, "route"), text(plan, "rule"));
    if (flag(plan, "held"))
        fmt::print("            held until a person releases it; then by route {}\n",
                   text(plan, "released_to"));
    if (flag(plan, "instead"))
        fmt::print("            in place of a route none of whose hosts can be reached now\n");
    if (!text(plan, "fallback").empty())
        fmt::print("  fallback  {} after {} attempts that reach no host\n", text(plan, "fallback"),
                   number(plan, "fallback_after"));
}

void print_hosts(const JsonValue& plan) {
    std::int64_t before = -1;
    for (const auto& host : items(plan, "hosts")) {
        const auto level = number(host, "level");
        const auto port = number(host, "port");
        fmt::print("  {:<8}  {}{}", level == before ? "" : "host", text(host, "name"),
                   port == 0 ? "" : fmt::format(":{}", port));
        if (text(plan, "kind") == "mx") fmt::print("   preference {}", level);
        fmt::print("\n");
        before = level;
        if (!text(host, "left_out").empty()) {
            fmt::print("            not tried: {}\n", text(host, "left_out"));
            continue;
        }
        if (!joined(host, "addresses").empty())
            fmt::print("            {}\n", joined(host, "addresses"));
        fmt::print("            TLS {}{}{}\n", text(host, "tls"),
                   text(host, "tls_why").empty() ? "" : ": ", text(host, "tls_why"));
    }
    if (const auto* outcome = plan.find("outcome"))
        fmt::print("  outcome   {} {}\n", text(*outcome, "status"), text(*outcome, "reply"));
}

void print_rest(const JsonValue& plan) {
    for (const auto& source : items(plan, "sources")) {
        fmt::print("  source    {}   {}   as {}", text(source, "name"), joined(source, "addresses"),
                   text(source, "ehlo"));
        if (!text(source, "warm_up").empty())
            fmt::print("            {}\n", text(source, "warm_up"));
        if (source.find("rests_s") != nullptr)
            fmt::print("   its address is not on this machine; looked at again in {}",
                       format_duration(Seconds(number(source, "rests_s"))));
        fmt::print("\n");
    }
    const auto* limits = plan.find("limits");
    if (limits != nullptr && number(*limits, "transactions") > 0)
        fmt::print("  limits    {} transactions at once, {} recipients in each\n",
                   number(*limits, "transactions"), number(*limits, "recipients"));
    if (const auto* state = plan.find("state")) {
        fmt::print("  now       {}: {} waiting, {} running, window {}", text(*state, "state"),
                   number(*state, "waiting"), number(*state, "running"), number(*state, "window"));
        if (state->find("again_in_s") != nullptr)
            fmt::print(", tried again in {}",
                       format_duration(Seconds(number(*state, "again_in_s"))));
        fmt::print("\n");
        if (!text(*state, "why").empty()) fmt::print("            {}\n", text(*state, "why"));
    }
    if (!flag(plan, "dnssec"))
        fmt::print("  DNSSEC    not validated here, so DANE is not part of this\n");
}

}  // namespace

Result<int> show_plan(AdminClient& admin, const Arguments& arguments) {
    std::string target = "/v1/plan?to=" + percent_encode(arguments.words.at(0));
    for (const char* name : {"from", "account", "route"})
        if (const auto option = fmt::format("--{}", name); arguments.has(option))
            target += fmt::format("&{}={}", name, percent_encode(arguments.get(option)));
    PH_TRY(auto plan, admin.call("GET", target, {}, kPatience));
    if (arguments.json()) {
        fmt::print("{}\n", to_json(plan));
    } else {
        print_route(plan);
        print_hosts(plan);
        print_rest(plan);
    }
    return plan.find("outcome") == nullptr ? kDone : kNo;
}

}  // namespace posthaste::app::cli
