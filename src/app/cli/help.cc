// posthaste help, posthaste version.
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/config/config.h"
#include "discovery/explain.h"
#include "formats/json.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

// What a reply of ours, an error number or a whole error text means; the same words as the server's
// help pages. With a configuration at hand they name its hosts.
std::optional<discovery::Explanation> explanation_of(const Arguments& arguments,
                                                     const std::string& wanted) {
    discovery::ExplainNames names;
    const auto loaded =
        load_config(arguments.get("--config", default_config_file()), environment());
    if (loaded.mistakes.empty()) {
        names.host = loaded.settings.hostname;
        names.admin = loaded.settings.admin;
    }
    if (auto page = discovery::explain_code(wanted, discovery::Language::en, names)) return page;
    auto found = discovery::explain(wanted, discovery::Language::en, names);
    if (found.known) return found;
    return std::nullopt;
}

void print_explanation(const discovery::Explanation& found, bool json) {
    if (json) {
        formats::JsonWriter out;
        out.begin_object().member("code", found.code).member("title", found.title);
        out.member("cause", found.cause).key("steps").begin_array();
        for (const auto& step : found.steps) out.value(step);
        out.end_array().end_object();
        fmt::print("{}\n", std::move(out).take());
        return;
    }
    fmt::print("{}: {}\n\n{}", found.code, found.title, paragraph(found.cause));
    std::size_t number = 0;
    for (const auto& step : found.steps) fmt::print("\n{}.\n{}", ++number, paragraph(step));
}

}  // namespace

int run_help(const Arguments& arguments) {
    if (arguments.words.empty()) {
        fmt::print("{}", help_overview());
        return kDone;
    }
    if (arguments.words.size() == 1 && arguments.words[0] == "config") {
        fmt::print(
            "# posthaste.toml: every key with its default. Required: hostname, store.path.\n{}",
            sample_config());
        return kDone;
    }
    auto wanted = fmt::format("{}", fmt::join(arguments.words, " "));
    bool found = false;
    for (const auto& command : command_table()) {
        if (command.name != wanted && !command.name.starts_with(wanted + " ")) continue;
        fmt::print("{}{}", found ? "\n" : "", help_of(command));
        found = true;
    }
    if (found) return kDone;
    if (const auto explained = explanation_of(arguments, wanted)) {
        print_explanation(*explained, arguments.json());
        return kDone;
    }
    auto parsed = parse(arguments.words);
    print_error(parsed ? Error{ErrorKind::syntax, fmt::format("there is no help on \"{}\"", wanted),
                               "posthaste help"}
                       : parsed.error(),
                arguments.json());
    return kUsage;
}

int run_version(const Arguments& arguments) {
    if (arguments.json())
        fmt::print("{{\"version\":\"{}\"}}\n", POSTHASTE_VERSION);
    else
        fmt::print("posthaste {}\n", POSTHASTE_VERSION);
    return kDone;
}

}  // namespace posthaste::app::cli
