#include "app/cli/command.h"

#include "base/ascii.h"
#include "base/levenshtein.h"
#include "formats/json.h"

#include <algorithm>
#include <cstdio>

namespace posthaste::app::cli {

namespace {

constexpr std::size_t kColumn = 30;

const Flag* find_flag(const Command& command, std::string_view name) {
    for (const auto& flag : command.flags)
        if (flag.name == name) return &flag;
    for (const auto& flag : common_flags())
        if (flag.name == name) return &flag;
    return nullptr;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        auto end = std::min(text.find(' '), text.size());
        if (end > 0) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

struct Arity {
    std::size_t least = 0;
    std::size_t most = 0;
};

Arity arity(const Command& command) {
    Arity arity;
    for (auto part : split(command.synopsis)) {
        if (!part.starts_with('[')) ++arity.least;
        ++arity.most;
        if (part.contains("…")) arity.most = 1000;
    }
    return arity;
}

// The longest command name that opens `words`; how many words it took.
const Command* match(std::span<const std::string> words, std::size_t& taken) {
    const Command* best = nullptr;
    for (const auto& command : command_table()) {
        auto parts = split(command.name);
        if (parts.size() > words.size() || parts.size() <= taken) continue;
        if (!std::ranges::equal(parts, words.first(parts.size()))) continue;
        best = &command;
        taken = parts.size();
    }
    return best;
}

Error unknown_command(std::span<const std::string> words) {
    std::string typed = words[0];
    if (words.size() > 1 && !words[1].starts_with('-')) typed += " " + words[1];
    std::vector<std::string_view> names;
    std::string nouns;
    for (const auto& command : command_table()) {
        names.push_back(command.name);
        if (split(command.name)[0] == words[0])
            nouns += fmt::format("{}posthaste {}", nouns.empty() ? "" : ", ", command.name);
    }
    if (!nouns.empty())
        return {ErrorKind::syntax, fmt::format("\"{}\" is not a command", typed),
                "one of: " + nouns};
    auto near = closest(typed, names);
    if (!near) near = closest(words[0], names);
    return {ErrorKind::syntax, fmt::format("\"{}\" is not a command", typed),
            near ? fmt::format("did you mean: posthaste {}", *near)
                 : "posthaste help lists all commands"};
}

Error unknown_flag(const Command& command, std::string_view name) {
    std::vector<std::string_view> names;
    for (const auto& flag : command.flags) names.push_back(flag.name);
    for (const auto& flag : common_flags()) names.push_back(flag.name);
    auto near = closest(name, names);
    return {ErrorKind::syntax, fmt::format("posthaste {} has no flag {}", command.name, name),
            near ? fmt::format("did you mean {}?", *near)
                 : fmt::format("see: posthaste help {}", command.name)};
}

}  // namespace

std::string Arguments::get(std::string_view flag, std::string_view fallback) const {
    auto found = flags_.find(flag);
    return found == flags_.end() ? std::string(fallback) : found->second.back();
}

std::vector<std::string> Arguments::all(std::string_view flag) const {
    auto found = flags_.find(flag);
    return found == flags_.end() ? std::vector<std::string>() : found->second;
}

std::span<const Flag> common_flags() {
    static constexpr Flag kFlags[] = {
        {"--config", "FILE", "default: $POSTHASTE_CONFIG, then /etc/posthaste/posthaste.toml"},
        {"--json", "", "one JSON object a line"},
        {"--help", "", "this command's help"},
    };
    return kFlags;
}

Result<Parsed> parse(std::span<const std::string> words) {
    Parsed parsed;
    if (words.empty() || words[0] == "--help" || words[0] == "-h") {
        parsed.help = true;
        return parsed;
    }
    if (words[0] == "--version") {
        static const std::string kVersion[] = {"version"};
        return parse(kVersion);
    }
    std::size_t taken = 0;
    parsed.command = match(words, taken);
    if (parsed.command == nullptr) return std::unexpected(unknown_command(words));
    bool only_words = false;
    for (std::size_t i = taken; i < words.size(); ++i) {
        const auto& word = words[i];
        if (only_words || !word.starts_with("--")) {
            if (word == "-h")
                parsed.help = true;
            else
                parsed.arguments.words.push_back(word);
            continue;
        }
        if (word == "--") {
            only_words = true;
            continue;
        }
        auto equals = word.find('=');
        auto name = word.substr(0, equals);
        const auto* flag = find_flag(*parsed.command, name);
        if (flag == nullptr) return std::unexpected(unknown_flag(*parsed.command, name));
        if (flag->value.empty()) {
            if (equals != std::string::npos)
                return fail(ErrorKind::syntax, fmt::format("{} takes no value", name),
                            fmt::format("write {} alone", name));
            parsed.arguments.add(name, "");
        } else if (equals != std::string::npos) {
            parsed.arguments.add(name, word.substr(equals + 1));
        } else if (i + 1 < words.size()) {
            parsed.arguments.add(name, words[++i]);
        } else {
            return fail(ErrorKind::syntax, fmt::format("{} needs a value", name),
                        fmt::format("write {} {}", name, flag->value));
        }
    }
    parsed.help = parsed.help || parsed.arguments.has("--help");
    auto [least, most] = arity(*parsed.command);
    auto count = parsed.arguments.words.size();
    if (!parsed.help && (count < least || count > most))
        return fail(
            ErrorKind::syntax,
            fmt::format("posthaste {} takes {}", parsed.command->name,
                        parsed.command->synopsis.empty() ? "no words" : parsed.command->synopsis),
            fmt::format("for example: {}", parsed.command->example));
    return parsed;
}

std::string help_overview() {
    std::string out =
        "posthaste: the outgoing mail server that says what is wrong\n\n"
        "usage: posthaste COMMAND [WORDS] [FLAGS]\n\n";
    for (const auto& command : command_table()) {
        auto head = fmt::format("  {}{}{}", command.name, command.synopsis.empty() ? "" : " ",
                                command.synopsis);
        out += head.size() + 2 > kColumn
                   ? fmt::format("{}\n{:{}}{}\n", head, "", kColumn, command.summary)
                   : fmt::format("{:<{}}{}\n", head, kColumn, command.summary);
    }
    out +=
        "\nposthaste help COMMAND tells more; posthaste help config lists the configuration's "
        "keys.\n";
    return out;
}

namespace {

// Indented, broken at spaces for a terminal.
std::string paragraph(std::string_view text) {
    constexpr std::size_t kWidth = 96;
    std::string out;
    while (!text.empty()) {
        auto end = text.size() <= kWidth ? text.size() : text.rfind(' ', kWidth);
        if (end == std::string_view::npos) end = text.size();
        out += fmt::format("  {}\n", text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

}  // namespace

std::string help_of(const Command& command) {
    auto out = fmt::format("posthaste {}{}{}\n\n  {}\n", command.name,
                           command.synopsis.empty() ? "" : " ", command.synopsis, command.summary);
    if (!command.details.empty()) out += fmt::format("\n{}", paragraph(command.details));
    out += "\nflags\n";
    auto line = [&](const Flag& flag) {
        auto head = fmt::format("  {}{}{}", flag.name, flag.value.empty() ? "" : " ", flag.value);
        out += fmt::format("{:<{}}{}\n", head, kColumn, flag.text);
    };
    for (const auto& flag : command.flags) line(flag);
    for (const auto& flag : common_flags()) line(flag);
    out += fmt::format("\nexample\n  {}\n", command.example);
    return out;
}

void say(const std::string& text) {
    std::fputs(text.c_str(), stderr);  // fmt::print would throw where standard error is full
}

void print_error(const Error& error, bool json) {
    if (json) {
        formats::JsonWriter out;
        out.begin_object();
        out.key("error").value(error.text);
        if (!error.mend.empty()) out.key("mend").value(error.mend);
        out.end_object();
        say(std::move(out).take() + "\n");
        return;
    }
    say(fmt::format("error: {}\n", error.text));
    if (!error.mend.empty()) say(fmt::format("  mend  {}\n", error.mend));
}

int exit_code_of(const Error& error) {
    switch (error.kind) {
        case ErrorKind::syntax:
            return kUsage;
        case ErrorKind::not_found:
            return kNo;
        case ErrorKind::refused:
        case ErrorKind::closed:
        case ErrorKind::io:
            return kUnreachable;
        case ErrorKind::timeout:
            return kTimedOut;
        default:
            return kRefused;
    }
}

}  // namespace posthaste::app::cli
