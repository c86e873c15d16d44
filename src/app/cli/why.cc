// posthaste why ADDRESS|NAME|IP
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "formats/url.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;

void print_list(const JsonValue& value, std::string_view key) {
    const auto* found = value.find(key);
    if (found == nullptr) return;
    for (const auto& item : found->items())
        fmt::print("      - {}\n", item.as_string().value_or(std::string_view()));
}

// "2026-11-23T14:07:14.211Z" to the second, with a blank.
std::string moment(const std::string& iso) {
    if (iso.size() < 19) return iso;
    return iso.substr(0, 10) + ' ' + iso.substr(11, 8);
}

void print_one(const JsonValue& seen) {
    const auto outcome = text(seen, "outcome");
    const auto times = number(seen, "times");
    const auto account = text(seen, "account");
    fmt::print("{} UTC  {}  {}{}{}\n", moment(text(seen, "at")), outcome.empty() ? "ok" : outcome,
               text(seen, "title"), account.empty() ? "" : "  [" + account + "]",
               times > 1 ? fmt::format("  ({} times)", times) : std::string());
    fmt::print("    {}\n", text(seen, "facts"));
    if (const auto cause = text(seen, "cause"); !cause.empty()) fmt::print("    {}\n", cause);
    print_list(seen, "mend");
}

void print_standing(const JsonValue& answer) {
    const auto who = text(answer, "who");
    if (!flag(answer, "live"))
        fmt::print("no server runs; this is what it wrote down, some seconds before its end\n");
    if (const auto left = number(answer, "banned_s"); left > 0)
        fmt::print(
            "{} is put off for {} s more: many wrong passwords, and no login for 30 days "
            "(R14); limits.trusted_networks exempts a network\n",
            who, left);
    if (flag(answer, "locked"))
        fmt::print(
            "somebody is guessing the password of {}: new networks wait up to 15 min (R64); "
            "posthaste app-password new {} --name NAME helps at once\n",
            who, who);
}

int print_answer(const Arguments& arguments, const JsonValue& answer) {
    const auto* seen = answer.find("sign_ins");
    const bool nothing = seen == nullptr || seen->items().empty();
    if (arguments.json()) {
        fmt::print("{}\n", formats::to_json(answer));
        return nothing ? kNo : kDone;
    }
    print_standing(answer);
    if (!nothing) {
        for (const auto& one : seen->items()) print_one(one);
        return kDone;
    }
    const auto who = text(answer, "who");
    if (!flag(answer, "network") && !flag(answer, "account"))
        fmt::print("{} is no account here (posthaste account list), and nobody tried that name\n",
                   who);
    fmt::print("nothing was seen of {}. That may be because:\n", who);
    print_list(answer, "reasons");
    return kNo;
}

}  // namespace

int run_why(const Arguments& arguments) {
    if (arguments.words[0].empty()) {
        print_error({ErrorKind::syntax, "whom to look for is not said",
                     "name an address (anna@example.com), a user name, or an IP address"},
                    arguments.json());
        return kUsage;
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(
            const auto answer,
            admin.call("GET", "/v1/sign-ins?who=" + formats::percent_encode(arguments.words[0])));
        return print_answer(arguments, answer);
    });
}

}  // namespace posthaste::app::cli
