// posthaste sts show DOMAIN: what a domain demands of TLS by MTA-STS, and what we know of it.
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "formats/url.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;

// "2026-11-23T14:07:14.211Z" to the second, with a blank.
std::string moment(const std::string& iso) {
    if (iso.size() < 19) return iso;
    return iso.substr(0, 10) + ' ' + iso.substr(11, 8) + " UTC";
}

void print_record(const JsonValue& answer) {
    const auto id = text(answer, "record_id");
    if (id.empty()) {
        fmt::print("  record    none that holds: {}\n", text(answer, "record_problem"));
        return;
    }
    const auto* policy = answer.find("policy");
    const bool same = policy != nullptr && text(*policy, "id") == id;
    fmt::print("  record    id {}{}\n", id,
               policy == nullptr ? ""
               : same            ? ", that of the policy here"
                                 : ", another one is here");
}

void print_policy(const JsonValue& answer) {
    const auto* policy = answer.find("policy");
    if (policy == nullptr) {
        fmt::print("  policy    none is known; it is fetched when mail goes there\n");
        return;
    }
    fmt::print("  policy    {} (id {}), fetched {}, {} {}\n", text(*policy, "mode"),
               text(*policy, "id"), moment(text(*policy, "fetched")),
               flag(answer, "valid") ? "holds until" : "over since",
               moment(text(*policy, "expires")));
    for (const auto& pattern : items(*policy, "mx"))
        fmt::print("            {}\n", pattern.as_string().value_or(std::string_view()));
}

// What becomes of mail for a host that the policy lists, or does not.
std::string_view fate(const JsonValue& answer, const JsonValue& host) {
    const auto* policy = answer.find("policy");
    if (policy == nullptr || !flag(answer, "valid")) return "";
    const auto mode = text(*policy, "mode");
    if (mode == "none") return "";
    if (flag(host, "listed")) return "listed: gets mail over TLS, with a certificate for its name";
    return mode == "enforce" ? "not listed: gets no mail"
                             : "not listed: gets mail, and the domain a report about it";
}

void print_answer(const JsonValue& answer) {
    fmt::print("{}\n", text(answer, "domain"));
    print_record(answer);
    print_policy(answer);
    if (const auto* failed = answer.find("failed"))
        fmt::print("  failed    {}: {}\n", moment(text(*failed, "at")), text(*failed, "why"));
    for (const auto& host : items(answer, "hosts"))
        fmt::print("  server    {} {}  {}\n", number(host, "preference"), text(host, "host"),
                   fate(answer, host));
    if (const auto problem = text(answer, "mx_problem"); !problem.empty())
        fmt::print("  servers   {}\n", problem);
}

}  // namespace

int run_sts_show(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const auto domain = formats::percent_encode(arguments.words[0]);
        const bool refresh = arguments.has("--refresh");
        PH_TRY(const auto answer,
               refresh ? admin.call("POST", fmt::format("/v1/sts/{}/refresh", domain))
                       : admin.call("GET", "/v1/sts?domain=" + domain));
        if (arguments.json()) {
            fmt::print("{}\n", formats::to_json(answer));
        } else {
            print_answer(answer);
        }
        return flag(answer, "valid") ? kDone : kNo;
    });
}

}  // namespace posthaste::app::cli
