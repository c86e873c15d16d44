#include "app/cli/command.h"

#include "base/ascii.h"
#include "base/levenshtein.h"
#include "base/utf8.h"
#include "formats/json.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

constexpr std::size_t kColumn = 30;
constexpr std::size_t kLongestName = 2;  // words of a command's name

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
    names.reserve(command.flags.size() + common_flags().size());
    for (const auto& flag : command.flags) names.push_back(flag.name);
    for (const auto& flag : common_flags()) names.push_back(flag.name);
    auto near = closest(name, names);
    return {ErrorKind::syntax, fmt::format("posthaste {} has no flag {}", command.name, name),
            near ? fmt::format("did you mean {}?", *near)
                 : fmt::format("see: posthaste help {}", command.name)};
}

Error unknown_short_flag(const Command& command, std::string_view word) {
    std::string near;
    auto look = [&](std::span<const Flag> flags) {
        for (const auto& flag : flags)
            if (near.empty() && flag.name.substr(2).starts_with(word[1])) near = flag.name;
    };
    look(common_flags());
    look(command.flags);
    return {ErrorKind::syntax,
            fmt::format("posthaste {} has no flag {}", command.name, utf8::printable(word, 80)),
            fmt::format("{}a word that begins with - goes behind --",
                        near.empty() ? "" : fmt::format("did you mean {}? Else ", near))};
}

// Words become names in messages and in JSON, so they are text and not empty.
Result<void> check_words(const Command& command, const std::vector<std::string>& words) {
    for (const auto& word : words) {
        if (word.empty())
            return fail(
                ErrorKind::syntax,
                fmt::format("posthaste {}: one of {} is empty", command.name, command.synopsis),
                fmt::format("for example: {}", command.example));
        if (!utf8::is_valid(word))
            return fail(ErrorKind::syntax,
                        fmt::format("\"{}\" is not UTF-8", utf8::printable(word, 80)),
                        "let the terminal, or the program that runs this, write UTF-8");
    }
    return {};
}

// `flag` at words[i], with `i` moved to its value; false if there is no such flag.
Result<bool> take_flag(std::span<const std::string> words, std::size_t& i, const Flag* flag,
                       Arguments& into) {
    if (flag == nullptr) return false;
    const auto& word = words[i];
    auto equals = word.find('=');
    auto name = word.substr(0, equals);
    if (flag->value.empty()) {
        if (equals != std::string::npos)
            return fail(ErrorKind::syntax, fmt::format("{} takes no value", name),
                        fmt::format("write {} alone", name));
        into.add(name, "");
    } else if (equals != std::string::npos) {
        into.add(name, word.substr(equals + 1));
    } else if (i + 1 < words.size()) {
        into.add(name, words[++i]);
    } else {
        return fail(ErrorKind::syntax, fmt::format("{} needs a value", name),
                    fmt::format("write {} {}", name, flag->value));
    }
    return true;
}

const Flag* find_common(std::string_view name) {
    for (const auto& flag : common_flags())
        if (flag.name == name) return &flag;
    return nullptr;
}

// Flags of every command may stand before and between the command's words: they are taken out, and
// what is left has these words in front.
Result<std::vector<std::string>> words_first(std::span<const std::string> words, Parsed& parsed) {
    std::vector<std::string> rest;
    std::size_t i = 0;
    for (; i < words.size() && rest.size() < kLongestName; ++i) {
        const auto& word = words[i];
        if (word == "-h") {
            parsed.help = true;
        } else if (!word.starts_with('-')) {
            rest.push_back(word);
        } else {
            const auto* flag = find_common(word.substr(0, word.find('=')));
            PH_TRY(const bool taken, take_flag(words, i, flag, parsed.arguments));
            if (!taken) break;
        }
    }
    rest.insert(rest.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
    return rest;
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

Result<Parsed> parse(std::span<const std::string> typed) {
    Parsed parsed;
    PH_TRY(auto words, words_first(typed, parsed));
    if (!words.empty() && words[0] == "--version") words[0] = "version";
    if (words.empty()) {
        parsed.help = typed.empty() || parsed.help || parsed.arguments.has("--help");
        if (parsed.help) return parsed;
        return fail(ErrorKind::syntax, "a command is missing", "posthaste help lists all commands");
    }
    std::size_t taken = 0;
    parsed.command = match(words, taken);
    if (parsed.command == nullptr) return std::unexpected(unknown_command(words));
    bool only_words = false;
    for (std::size_t i = taken; i < words.size(); ++i) {
        const auto& word = words[i];
        if (!only_words && word == "-h") {
            parsed.help = true;
            continue;
        }
        if (only_words || !word.starts_with('-') || word == "-") {
            parsed.arguments.words.push_back(word);
            continue;
        }
        if (!word.starts_with("--"))
            return std::unexpected(unknown_short_flag(*parsed.command, word));
        if (word == "--") {
            only_words = true;
            continue;
        }
        auto name = word.substr(0, word.find('='));
        const auto* flag = find_flag(*parsed.command, name);
        PH_TRY(const bool known, take_flag(words, i, flag, parsed.arguments));
        if (!known) return std::unexpected(unknown_flag(*parsed.command, name));
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
    if (!parsed.help) PH_CHECK(check_words(*parsed.command, parsed.arguments.words));
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
        "keys;\nposthaste help R44 or 0x800CCC0F explains a reply or an error number.\n";
    return out;
}

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
