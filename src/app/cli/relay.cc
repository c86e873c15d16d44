// posthaste relay …: the login at the smarthost.
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/cli/json_members.h"
#include "app/cli/relay_sign_in.h"
#include "app/config/route_settings.h"
#include "base/utf8.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;

// "2026-11-23 14:07 UTC" of "2026-11-23T14:07:14.211Z"
std::string day_and_time(std::string iso) {
    if (iso.size() < 16) return iso;
    iso.resize(16);
    iso[10] = ' ';
    return iso + " UTC";
}

const JsonValue* token_of(const JsonValue& relay) {
    return relay.find("token");
}

bool is_well(const JsonValue& relay) {
    const auto* token = token_of(relay);
    return text(relay, "refused").empty() && (token == nullptr || text(*token, "trouble").empty());
}

void print_token(const JsonValue& token) {
    if (!text(token, "until").empty())
        fmt::print("  token     until {}{}\n", day_and_time(text(token, "until")),
                   text(token, "renewal").empty()
                       ? ""
                       : ", renewed " + day_and_time(text(token, "renewal")));
    if (!text(token, "doubt").empty()) fmt::print("  DOUBT     {}\n", text(token, "doubt"));
    if (text(token, "trouble").empty()) return;
    fmt::print("  {}   {}\n", flag(token, "sign_in_needed") ? "SIGN IN" : "NO TOKEN",
               text(token, "trouble"));
    fmt::print("  mend      {}\n", text(token, "mend"));
}

void print_relay(const JsonValue& relay) {
    const auto route = text(relay, "route");
    fmt::print("{}   {}   {}{}\n", text(relay, "relay"),
               text(relay, "user").empty() ? "(the certificate's name)" : text(relay, "user"),
               text(relay, "method"),
               route.empty() || route == "default" ? "" : fmt::format("   route {}", route));
    if (const auto* token = token_of(relay)) print_token(*token);
    if (!text(relay, "worked").empty())
        fmt::print("  login     worked {} by {}\n", day_and_time(text(relay, "worked")),
                   text(relay, "mechanism"));
    else if (text(relay, "refused").empty())
        fmt::print("  login     not tried since the server started\n");
    if (text(relay, "refused").empty()) return;
    fmt::print("  REFUSED   {}: {}\n", day_and_time(text(relay, "refused")), text(relay, "reply"));
    if (!text(relay, "mend").empty()) fmt::print("  mend      {}\n", text(relay, "mend"));
    fmt::print(
        "            mail for it waits in the queue; posthaste queue retry --all tries now\n");
}

// What a person signs in for, by its route's name or as the only one there is; the files of secrets
// are read as whoever runs this.
Result<delivery::Smarthost> login_to_sign_in_for(const Settings& settings,
                                                 const std::string& wanted) {
    std::vector<std::string> names;
    const RelaySettings* chosen = nullptr;
    const auto relays = named_relays(settings);
    for (const NamedRelay& relay : relays) {
        if (relay.settings.auth != "oauth" || relay.settings.oauth.flow != "sign-in") continue;
        names.push_back(relay.name);
        if (wanted.empty() || wanted == relay.name) chosen = &relay.settings;
    }
    if (names.empty())
        return fail(ErrorKind::unsupported,
                    "no login of the configuration wants a person to sign in",
                    "set flow = \"sign-in\" in [relay.oauth]; the other ways need nobody");
    if (wanted.empty() && names.size() > 1)
        return fail(ErrorKind::syntax,
                    fmt::format("{} logins want a person to sign in", names.size()),
                    fmt::format("name one: posthaste relay login {}", names.front()));
    if (chosen == nullptr)
        return fail(ErrorKind::not_found,
                    fmt::format("no login called \"{}\" wants a person to sign in",
                                utf8::printable(wanted, 60)),
                    fmt::format("there is: {}", fmt::join(names, ", ")));
    return make_smarthost(*chosen);
}

void show_prompt(const SignInPrompt& prompt, const std::string& user, bool json) {
    if (json) {
        formats::JsonWriter out;
        out.begin_object().member("url", prompt.url).member("code", prompt.code).end_object();
        fmt::print("{}\n", std::move(out).take());
    } else if (!prompt.code.empty()) {
        fmt::print(
            "Open this page on any device, as {}:\n\n  {}\n\nand type this code:\n\n  {}\n\nThis "
            "waits until you have signed in (Ctrl-C gives up).\n",
            user, prompt.url, prompt.code);
    } else {
        fmt::print(
            "Open this page in a browser, as {}:\n\n  {}\n\nThis waits until you have signed in "
            "(Ctrl-C gives up). If the browser is on another machine, it ends at a page that "
            "cannot "
            "be found: paste that page's address here.\n",
            user, prompt.url);
    }
    std::fflush(stdout);
}

}  // namespace

int run_relay_status(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(const auto answer, admin.call("GET", "/v1/relays"));
        bool well = true;
        for (const auto& relay : items(answer, "relays")) {
            well = well && is_well(relay);
            if (arguments.json())
                fmt::print("{}\n", to_json(relay));
            else
                print_relay(relay);
        }
        if (!arguments.json()) {
            if (items(answer, "relays").empty()) fmt::print("no smarthost wants a login\n");
            if (!admin.live()) fmt::print("\n(the server does not run; this is what is kept)\n");
        }
        return well ? kDone : kNo;
    });
}

int run_relay_login(const Arguments& arguments) {
    auto settings = configuration(arguments);
    if (!settings) return kConfiguration;
    auto smarthost = login_to_sign_in_for(
        *settings, arguments.words.empty() ? std::string() : arguments.words.front());
    if (!smarthost) {
        print_error(smarthost.error(), arguments.json());
        return exit_code_of(smarthost.error());
    }
    const auto& oauth = *smarthost->oauth;
    const auto show = [&](const SignInPrompt& prompt) {
        show_prompt(prompt, oauth.user, arguments.json());
    };
    const bool by_code = !oauth.device_url.empty() && !arguments.has("--browser");
    if (!by_code && oauth.auth_url.empty()) {
        print_error({ErrorKind::unsupported, "there is no page to sign in at",
                     "add device_url or auth_url to [relay.oauth], or set preset"},
                    arguments.json());
        return kRefused;
    }
    auto token = by_code ? sign_in_by_code(oauth, show) : sign_in_by_browser(oauth, show);
    if (!token) {
        print_error(token.error(), arguments.json());
        return exit_code_of(token.error());
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        formats::JsonWriter body;
        body.begin_object().member("name", oauth.name());
        body.member("refresh_token", token->reveal()).end_object();
        PH_TRY([[maybe_unused]] const auto answer,
               admin.call("POST", "/v1/relays/sign-in", std::move(body).take()));
        if (arguments.json())
            fmt::print("{{\"done\":true}}\n");
        else
            fmt::print(
                "Signed in. Kept sealed in the store and renewed from now on; posthaste relay "
                "status tells how it goes.\nMail that waits goes with posthaste queue retry "
                "--all.\n");
        return kDone;
    });
}

}  // namespace posthaste::app::cli
