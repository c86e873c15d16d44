// The command table: every command with its words, arguments, flags, help and example. Parsing,
// `posthaste help` and the test that each command has an example all come from it.
#pragma once

#include "base/result.h"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::app::cli {

// Exit codes (experience.md 1.2); the daemon alone uses 75 and 78.
constexpr int kDone = 0;
constexpr int kNo = 1;  // asked and answered no: a check failed, a message bounced, an id not found
constexpr int kUsage = 2;
constexpr int kUnreachable = 3;
constexpr int kRefused = 4;
constexpr int kTimedOut = 5;
constexpr int kConfiguration = 78;

struct Flag {
    std::string_view name;   // "--wait"
    std::string_view value;  // "SECONDS"; empty for a switch
    std::string_view text;
    bool repeats = false;
};

class Arguments {
  public:
    std::vector<std::string> words;  // what is neither command nor flag

    bool has(std::string_view flag) const { return flags_.contains(flag); }

    std::string get(std::string_view flag,
                    std::string_view fallback = {}) const;  // the last one given
    std::vector<std::string> all(std::string_view flag) const;

    bool json() const { return has("--json"); }

    void add(std::string flag, std::string value) {
        flags_[std::move(flag)].push_back(std::move(value));
    }

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> flags_;
};

struct Command {
    std::string_view name;  // "queue list"
    std::string_view
        synopsis;  // "[DOMAIN]"; words in capitals, optional ones in brackets, "…" repeats
    std::string_view summary;  // one line
    std::string_view details;  // a paragraph or nothing
    std::string_view example;  // a command line that can be typed
    std::vector<Flag> flags;
    int (*run)(const Arguments& arguments) = nullptr;
};

// All commands in the order of the help.
std::span<const Command> command_table();

// The flags every command takes: --config, --json, --help.
std::span<const Flag> common_flags();

struct Parsed {
    const Command* command = nullptr;
    Arguments arguments;
    bool help = false;
};

// `words` without the program's name. Errors: syntax (unknown command or flag with "did you mean",
// missing value, too few or many words); the mend names `posthaste help …`.
Result<Parsed> parse(std::span<const std::string> words);

std::string help_overview();
std::string help_of(const Command& command);
std::string paragraph(std::string_view text);  // indented, broken at spaces for a terminal

// To standard error, whatever its state: words that cannot be read change no exit code.
void say(const std::string& text);

// Errors as experience.md 1.3: "error: …", then where, why and mend, on stderr; JSON with --json.
void print_error(const Error& error, bool json = false);
int exit_code_of(const Error& error);

}  // namespace posthaste::app::cli
