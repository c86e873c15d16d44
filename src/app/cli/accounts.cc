// posthaste domain …, account …, app-password …
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/cli/json_members.h"
#include "formats/url.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;
using formats::JsonWriter;
using formats::percent_encode;

// One call that changes something, and what to say of it.
int change(const Arguments& arguments, const std::string& method, const std::string& target,
           const std::string& said, const std::string& body = {}) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY([[maybe_unused]] auto answer, admin.call(method, target, body));
        if (arguments.json())
            fmt::print("{{\"done\":true}}\n");
        else
            fmt::print("{}\n", said);
        return kDone;
    });
}

std::string account_target(const Arguments& arguments, std::string_view rest = {}) {
    return "/v1/accounts/" + percent_encode(arguments.words.at(0)) + std::string(rest);
}

void print_account(const JsonValue& account) {
    fmt::print("{:<36} {:<9} {}\n", text(account, "address"),
               flag(account, "disabled") ? "disabled" : "active", text(account, "name"));
}

void print_app_password(const std::string& address, const std::string& name,
                        const std::string& password) {
    fmt::print("app password \"{}\" for {}:   {}   (shown once)\n", name, address, password);
}

}  // namespace

int run_domain_add(const Arguments& arguments) {
    JsonWriter body;
    body.begin_object().member("name", arguments.words.at(0)).end_object();
    return change(arguments, "POST", "/v1/domains",
                  fmt::format("domain {} added\nnext: posthaste account add you@{}",
                              arguments.words[0], arguments.words[0]),
                  std::move(body).take());
}

int run_domain_list(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(auto answer, admin.call("GET", "/v1/domains"));
        const auto* rows = answer.find("domains");
        if (rows == nullptr) return kDone;
        if (rows->items().empty() && !arguments.json())
            fmt::print("no domains yet: posthaste domain add example.com\n");
        for (const auto& row : rows->items()) {
            if (arguments.json())
                fmt::print("{}\n", to_json(row));
            else
                fmt::print("{}\n", text(row, "name"));
        }
        return kDone;
    });
}

int run_domain_rm(const Arguments& arguments) {
    return change(arguments, "DELETE", "/v1/domains/" + percent_encode(arguments.words.at(0)),
                  fmt::format("domain {} removed", arguments.words[0]));
}

int run_account_add(const Arguments& arguments) {
    std::string password;
    if (arguments.has("--password-stdin")) {
        auto read = read_password(arguments, "password");
        if (!read) {
            print_error(read.error(), arguments.json());
            return kUsage;
        }
        password = *read;
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const auto& address = arguments.words.at(0);
        JsonWriter body;
        body.begin_object().member("address", address).member("name", arguments.get("--name"));
        body.member("password", password).member("profile", arguments.get("--profile"));
        body.end_object();
        PH_TRY(auto answer, admin.call("POST", "/v1/accounts", std::move(body).take()));
        if (arguments.json()) {
            fmt::print("{}\n", to_json(answer));
            return kDone;
        }
        fmt::print("account {} created\n", address);
        if (password.empty())
            print_app_password(address, "first device", text(answer, "app_password"));
        return kDone;
    });
}

int run_account_list(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(auto answer, admin.call("GET", "/v1/accounts"));
        const auto* rows = answer.find("accounts");
        if (rows == nullptr) return kDone;
        if (rows->items().empty() && !arguments.json())
            fmt::print("no accounts yet: posthaste account add you@example.com\n");
        for (const auto& row : rows->items()) {
            if (arguments.json())
                fmt::print("{}\n", to_json(row));
            else
                print_account(row);
        }
        return kDone;
    });
}

int run_account_show(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(auto account, admin.call("GET", account_target(arguments)));
        PH_TRY(auto passwords, admin.call("GET", account_target(arguments, "/app-passwords")));
        if (arguments.json()) {
            fmt::print("{}\n", to_json(account));
            return kDone;
        }
        fmt::print("address        {}\n", text(account, "address"));
        if (!text(account, "name").empty())
            fmt::print("name           {}\n", text(account, "name"));
        fmt::print("state          {}\n", flag(account, "disabled") ? "disabled" : "active");
        fmt::print("profile        {}\n", text(account, "profile"));
        if (number(account, "priority") > 0)
            fmt::print("priority       up to {}\n", number(account, "priority"));
        fmt::print("password       {}\n",
                   flag(account, "password") ? "set" : "none, app passwords only");
        fmt::print("language       {}\n", text(account, "language"));
        fmt::print("verp           {}\n", text(account, "verp"));
        fmt::print("reports        {}\n", text(account, "reports"));
        fmt::print("created        {}\n", text(account, "created"));
        if (const auto* also = account.find("also"))
            for (const auto& other : also->items())
                fmt::print("may send as    {}\n", other.as_string().value_or(std::string_view()));
        if (const auto* rows = passwords.find("app_passwords"))
            for (const auto& row : rows->items())
                fmt::print("app password   {}  \"{}\"  since {}{}\n", text(row, "id"),
                           text(row, "name"), text(row, "created"),
                           flag(row, "device") ? ", of a device" : "");
        return kDone;
    });
}

int run_account_disable(const Arguments& arguments) {
    return change(arguments, "POST", account_target(arguments, "/disable"),
                  fmt::format("account {} may not send any more", arguments.words[0]));
}

int run_account_enable(const Arguments& arguments) {
    return change(arguments, "POST", account_target(arguments, "/enable"),
                  fmt::format("account {} may send again", arguments.words[0]));
}

int run_account_rm(const Arguments& arguments) {
    return change(arguments, "DELETE", account_target(arguments),
                  fmt::format("account {} removed", arguments.words[0]));
}

namespace {

int set_verp(const Arguments& arguments) {
    const auto how = arguments.get("--verp");
    JsonWriter body;
    body.begin_object().member("verp", how).end_object();
    const int done = change(
        arguments, "POST", account_target(arguments, "/verp"),
        how == "off"
            ? fmt::format("mail of {} leaves under its own address from now on", arguments.words[0])
            : fmt::format("bounces of mail of {} come back to this server from "
                          "now on ([bounces] in the configuration)",
                          arguments.words[0]),
        std::move(body).take());
    if (done != kDone || how == "off") return done;
    const auto settings = configuration(arguments);
    if (!settings) return kConfiguration;
    if (settings->bounces.domain.empty()) {
        fmt::print(
            stderr,
            "warning: the configuration names no domain for bounces, so nothing changes yet\n"
            "  mend  [bounces] domain = \"bounce.example.com\", and its MX record: posthaste "
            "dns show\n");
    }
    return done;
}

int set_priority(const Arguments& arguments) {
    const std::string given = arguments.get("--priority");
    if (given.size() != 1 || given[0] < '0' || given[0] > '9') {
        print_error({ErrorKind::syntax, fmt::format("\"{}\" is no priority", given),
                     "it is a number from 0 to 9; 0 takes the right away"},
                    arguments.json());
        return kUsage;
    }
    JsonWriter body;
    body.begin_object().member("priority", given[0] - '0').end_object();
    const std::string said =
        given == "0" ? fmt::format("{} sends no mail before others' any more", arguments.words[0])
                     : fmt::format("mail of {} may ask for a priority of up to {}",
                                   arguments.words[0], given);
    return change(arguments, "POST", account_target(arguments, "/priority"), said,
                  std::move(body).take());
}

int set_reports(const Arguments& arguments) {
    const auto how = arguments.get("--reports");
    JsonWriter body;
    body.begin_object().member("reports", how).end_object();
    return change(arguments, "POST", account_target(arguments, "/reports"),
                  fmt::format("delivery reports of {}: {}", arguments.words[0], how),
                  std::move(body).take());
}

}  // namespace

int run_account_set(const Arguments& arguments) {
    const int named = arguments.has("--profile") + arguments.has("--priority") +
                      arguments.has("--verp") + arguments.has("--reports");
    if (named != 1) {
        print_error(
            {ErrorKind::syntax, named > 1 ? "several things at once" : "nothing to set",
             "name one: --profile application, --priority 4, --verp on or --reports digest"},
            arguments.json());
        return kUsage;
    }
    if (arguments.has("--verp")) return set_verp(arguments);
    if (arguments.has("--priority")) return set_priority(arguments);
    if (arguments.has("--reports")) return set_reports(arguments);
    JsonWriter body;
    body.begin_object().member("profile", arguments.get("--profile")).end_object();
    return change(
        arguments, "POST", account_target(arguments, "/profile"),
        fmt::format("{} sends as {} from now on", arguments.words[0], arguments.get("--profile")),
        std::move(body).take());
}

int run_account_passwd(const Arguments& arguments) {
    auto password =
        read_password(arguments, fmt::format("new password for {}", arguments.words.at(0)));
    if (!password) {
        print_error(password.error(), arguments.json());
        return kUsage;
    }
    JsonWriter body;
    body.begin_object().member("password", *password).end_object();
    return change(arguments, "POST", account_target(arguments, "/password"),
                  fmt::format("password of {} changed", arguments.words[0]),
                  std::move(body).take());
}

int run_account_language(const Arguments& arguments) {
    JsonWriter body;
    body.begin_object().member("language", arguments.words.at(1)).end_object();
    return change(arguments, "POST", account_target(arguments, "/language"),
                  fmt::format("{} gets reports in: {}", arguments.words[0], arguments.words[1]),
                  std::move(body).take());
}

int run_account_allow(const Arguments& arguments) {
    return change(arguments, "POST",
                  account_target(arguments, "/addresses/" + percent_encode(arguments.words.at(1))),
                  fmt::format("{} may now send as {}", arguments.words[0], arguments.words[1]));
}

int run_account_disallow(const Arguments& arguments) {
    return change(
        arguments, "DELETE",
        account_target(arguments, "/addresses/" + percent_encode(arguments.words.at(1))),
        fmt::format("{} may no longer send as {}", arguments.words[0], arguments.words[1]));
}

int run_app_password_new(const Arguments& arguments) {
    if (arguments.has("--name") && arguments.get("--name").empty()) {
        print_error({ErrorKind::syntax, "the app password needs a name",
                     "say which device it is for: --name phone; or leave --name out"},
                    arguments.json());
        return kUsage;
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        auto name = arguments.get("--name", "app");
        JsonWriter body;
        body.begin_object()
            .member("name", name)
            .member("device", arguments.has("--device"))
            .end_object();
        PH_TRY(auto answer, admin.call("POST", account_target(arguments, "/app-passwords"),
                                       std::move(body).take()));
        if (arguments.json())
            fmt::print("{}\n", to_json(answer));
        else
            print_app_password(arguments.words[0], name, text(answer, "app_password"));
        return kDone;
    });
}

int run_app_password_list(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(auto answer, admin.call("GET", account_target(arguments, "/app-passwords")));
        const auto* rows = answer.find("app_passwords");
        if (rows == nullptr) return kDone;
        if (rows->items().empty() && !arguments.json()) fmt::print("no app passwords\n");
        for (const auto& row : rows->items()) {
            if (arguments.json())
                fmt::print("{}\n", to_json(row));
            else
                fmt::print("{}  {}  since {}{}\n", text(row, "id"), text(row, "name"),
                           text(row, "created"), flag(row, "device") ? ", of a device" : "");
        }
        return kDone;
    });
}

int run_app_password_revoke(const Arguments& arguments) {
    return change(
        arguments, "DELETE",
        account_target(arguments, "/app-passwords/" + percent_encode(arguments.words.at(1))),
        fmt::format("app password {} of {} no longer works", arguments.words[1],
                    arguments.words[0]));
}

}  // namespace posthaste::app::cli
