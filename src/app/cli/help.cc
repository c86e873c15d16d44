// posthaste help, posthaste version.
#include "app/cli/commands.h"
#include "app/config.h"
#include "formats/json.h"

#include <cstdio>

namespace posthaste::app::cli {

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
