#include "app/cli/command.h"
#include "app/standard_streams.h"
#include "app/winmail/tnef_helper.h"

#include <cstdio>
#include <exception>
#include <string_view>

#include <fmt/format.h>

namespace {

int run(const std::vector<std::string>& words) {
    using namespace posthaste;
    namespace cli = app::cli;
    auto parsed = cli::parse(words);
    if (!parsed) {
        cli::print_error(parsed.error());
        return cli::kUsage;
    }
    if (parsed->command == nullptr) {
        fmt::print("{}", cli::help_overview());
        return words.empty() ? cli::kUsage : cli::kDone;
    }
    if (parsed->help) {
        fmt::print("{}", cli::help_of(*parsed->command));
        return cli::kDone;
    }
    return parsed->command->run(parsed->arguments);
}

}  // namespace

int main(int argc, char** argv) {
    using posthaste::app::finish_output;
    if (argc == 2 && std::string_view(argv[1]) == posthaste::app::kTnefHelper)
        return posthaste::app::run_tnef_helper();
    posthaste::app::open_standard_streams();
    try {
        return finish_output(run(std::vector<std::string>(argv + 1, argv + argc)));
    } catch (const std::exception& e) {
        if (std::ferror(stdout) != 0) return finish_output(0);  // printing threw: told there
        std::fputs(fmt::format("error: {}\n", e.what()).c_str(), stderr);
        return 70;  // sysexits: EX_SOFTWARE
    }
}
