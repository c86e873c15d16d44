#include "app/cli/command.h"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    using namespace posthaste;
    namespace cli = app::cli;
    try {
        std::vector<std::string> words(argv + 1, argv + argc);
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
    } catch (const std::exception& e) {
        fmt::print(stderr, "error: {}\n", e.what());
        return 70;  // sysexits: EX_SOFTWARE
    }
}
