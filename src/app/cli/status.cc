// posthaste status: one screen that says whether it is well, and where to look if not.
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "base/time.h"

#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;

void print_line(std::string_view label, const std::string& words) {
    fmt::print("{:<10}{}\n", label, words);
}

// "1 policy", "2 policies"
std::string counted(std::int64_t count, std::string_view one, std::string_view several) {
    return fmt::format("{} {}", count, count == 1 ? one : several);
}

std::string dns_words(const JsonValue& status) {
    if (flag(status, "dnssec")) return "DNSSEC is validated, DANE is kept to";
    const std::string why = text(status, "dnssec_text");
    if (why.empty()) return "whether DNSSEC can be validated is being tried; DANE is off meanwhile";
    return "DANE is off: " + why;
}

std::string sts_words(const JsonValue& policies) {
    const auto enforce = number(policies, "enforce");
    const auto testing = number(policies, "testing");
    if (enforce + testing == 0) return "no domain's policy is kept so far";
    return fmt::format("{} kept: {} in force, {} in testing",
                       counted(enforce + testing, "policy", "policies"), enforce, testing);
}

std::string report_words(const JsonValue& reports) {
    std::vector<std::string> parts;
    if (const auto sent = number(reports, "sent")) parts.push_back(fmt::format("{} sent", sent));
    if (const auto waiting = number(reports, "waiting"))
        parts.push_back(fmt::format("{} to be sent", waiting));
    if (const auto lost = number(reports, "given_up"))
        parts.push_back(fmt::format("{} given up", lost));
    // Most domains ask for none: that alone is nothing to tell.
    if (parts.empty()) return "nobody wanted one about yesterday";
    return fmt::format("about yesterday: {}", fmt::join(parts, ", "));
}

std::string login_words(const JsonValue& login) {
    const std::string state = text(login, "state");
    std::string words =
        fmt::format("{} as {}: ", text(login, "relay"),
                    text(login, "user").empty() ? "the certificate's name" : text(login, "user"));
    if (state == "works") words += "works";
    if (state == "unused") words += "not used yet";
    if (state == "refused") words += "REFUSED";
    if (state == "no_token") words += "NO TOKEN";
    if (state == "sign_in") words += "SIGN IN AGAIN";
    if (const auto* left = login.find("token_s"))
        words += fmt::format(", its token is good for {}",
                             format_duration(Seconds(left->as_int().value_or(0))));
    // A token that is good still, and the next one is refused.
    const bool renewal = (state == "works" || state == "unused") && !text(login, "trouble").empty();
    if (renewal) words += ", NOT RENEWED";
    const bool well = (state == "works" || state == "unused") && !renewal;
    return well ? words : words + " (posthaste relay status says why)";
}

std::string override_words(std::int64_t count) {
    if (count == 0) return "no reply holds mail back or slows it down";
    return fmt::format("{} in force because of replies (posthaste overrides list)",
                       counted(count, "change", "changes"));
}

void print_status(const JsonValue& status, bool live) {
    print_line("server", fmt::format("{}   posthaste {}", live ? "running" : "not running",
                                     text(status, "version")));
    const std::string trouble = text(status, "store_text");
    print_line("store", text(status, "store") + (trouble.empty() ? "" : "   " + trouble));
    print_line("queue",
               fmt::format("{}, {} waiting, {} held, {} in flight, {}",
                           counted(number(status, "messages"), "message", "messages"),
                           counted(number(status, "recipients"), "recipient", "recipients"),
                           counted(number(status, "held"), "message", "messages"),
                           number(status, "in_flight"),
                           format_size(static_cast<std::uint64_t>(number(status, "octets")))));
    // An older server, or none, does not know of all that follows.
    if (status.find("dnssec") != nullptr) print_line("dns", dns_words(status));
    if (const auto* policies = status.find("sts_policies"))
        print_line("mta-sts", sts_words(*policies));
    if (const auto* reports = status.find("tls_reports"))
        print_line("tls-rpt", report_words(*reports));
    for (const JsonValue& login : items(status, "logins")) print_line("login", login_words(login));
    if (status.find("overrides") != nullptr)
        print_line("rules", override_words(number(status, "overrides")));
}

}  // namespace

int run_status(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(auto status, admin.call("GET", "/v1/status"));
        if (arguments.json()) {
            fmt::print("{}\n", to_json(status));
            return kDone;
        }
        print_status(status, admin.live());
        return text(status, "store") == "ok" ? kDone : kNo;
    });
}

}  // namespace posthaste::app::cli
