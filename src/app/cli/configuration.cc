#include "app/cli/configuration.h"

#include "accounts/unicode.h"
#include "app/config/config.h"
#include "base/file.h"
#include "formats/json.h"

#include <cstdio>
#include <iostream>
#include <termios.h>

#include <fmt/format.h>
#include <unistd.h>

extern char** environ;

namespace posthaste::app::cli {

namespace {

constexpr std::size_t kMaxPasswordFile = 64 << 10;

// The terminal without echo for as long as it lives.
class Quiet {
  public:
    Quiet() {
        tcgetattr(STDIN_FILENO, &before_);
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }

    ~Quiet() { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }

    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

  private:
    termios before_{};
};

void print_mistake(const ConfigMistake& mistake, bool json) {
    if (!json) {
        say(mistake.to_string());
        return;
    }
    formats::JsonWriter out;
    out.begin_object();
    out.key("file").value(mistake.file);
    out.key("line").value(static_cast<std::int64_t>(mistake.line));
    out.key("column").value(static_cast<std::int64_t>(mistake.column));
    out.key("error").value(mistake.text);
    out.key("mend").value(mistake.mend);
    out.end_object();
    say(std::move(out).take() + "\n");
}

}  // namespace

std::vector<std::string> environment() {
    std::vector<std::string> entries;
    for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
    return entries;
}

std::optional<Settings> configuration(const Arguments& arguments) {
    auto file = arguments.get("--config", default_config_file());
    auto loaded = load_config(file, environment());
    for (const auto& mistake : loaded.mistakes) print_mistake(mistake, arguments.json());
    if (!loaded.mistakes.empty()) return std::nullopt;
    return std::move(loaded.settings);
}

Result<std::string> read_password(const Arguments& arguments, std::string_view prompt) {
    std::string line;
    if (arguments.has("--password-file")) {
        PH_TRY(auto content, read_file(arguments.get("--password-file"), kMaxPasswordFile));
        line = content.substr(0, content.find('\n'));
    } else if (arguments.has("--password-stdin")) {
        std::getline(std::cin, line);
    } else if (isatty(STDIN_FILENO)) {
        say(fmt::format("{}: ", prompt));
        Quiet quiet;
        std::getline(std::cin, line);
        say("\n");
    } else {
        return fail(ErrorKind::syntax, "a password is needed and standard input is not a terminal",
                    "pipe it in: … --password-stdin < FILE");
    }
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty())
        return fail(ErrorKind::syntax, "the password is empty", "write it on the first line");
    // As at a login: what is no UTF-8 came from a file or terminal of Windows-1252 or Latin-1
    // (clients.md 3.3), and could not stand in the request to the server.
    return accounts::to_utf8(line);
}

}  // namespace posthaste::app::cli
