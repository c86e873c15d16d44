#include "app/config/option_value.h"

#include "app/config/units.h"
#include "base/levenshtein.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

namespace posthaste::app {

using formats::TomlKind;

namespace {

std::string_view expected(OptionType type) {
    switch (type) {
        case OptionType::text:
        case OptionType::choice:
        case OptionType::path:
        case OptionType::address:
            return "text in quotes";
        case OptionType::texts:
        case OptionType::paths:
        case OptionType::addresses:
            return "text in quotes, or a list of it";
        case OptionType::flag:
            return "true or false";
        case OptionType::number:
            return "a whole number without quotes";
        case OptionType::size:
            return "a size in quotes such as \"50 MB\"";
        case OptionType::duration:
            return "a duration in quotes such as \"5m\"";
        case OptionType::durations:
            return "a list of durations such as [\"5m\", \"1h\"]";
    }
    return "";
}

// No key has a use for no time or no room: with it no mail would ever come in, or go out.
std::unexpected<Error> nothing(const Option& option, std::string_view text) {
    return fail(ErrorKind::syntax,
                fmt::format("\"{}\" cannot be \"{}\", which is nothing at all", option.key, text),
                option.fallback.empty() ? std::string("write more than that")
                                        : fmt::format("the default is {}", option.fallback));
}

Result<void> check_choice(const Option& option, const std::string& text) {
    std::vector<std::string_view> choices;
    auto rest = option.choices;
    while (!rest.empty()) {
        auto end = std::min(rest.find(' '), rest.size());
        choices.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (std::ranges::find(choices, text) != choices.end()) return {};
    auto near = closest(text, choices);
    return fail(ErrorKind::syntax, fmt::format("\"{}\" cannot be \"{}\"", option.key, text),
                near ? fmt::format("did you mean \"{}\"?", *near)
                     : fmt::format("one of: {}", option.choices));
}

// Paths start at the file's folder; a leading $CREDENTIALS_DIRECTORY is the supervisor's
// (systemd.exec(5)).
std::string absolute(const std::string& text, const std::string& folder) {
    constexpr std::string_view kCredentials = "$CREDENTIALS_DIRECTORY/";
    if (text.starts_with(kCredentials)) {
        const char* given =
            getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): read at start
        return std::string(given != nullptr ? given : "/run/credentials") + "/" +
               text.substr(kCredentials.size());
    }
    return std::filesystem::path(folder).append(text).lexically_normal().string();
}

Result<void> convert(const Option& option, OptionValue& value, const std::string& folder) {
    for (auto& text : value.texts) {
        if (text.empty())
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is empty", option.key),
                        "leave it out or give a value");
        if (option.type == OptionType::size) {
            PH_TRY(auto octets, parse_size(text));
            if (octets == 0) return nothing(option, text);
            value.numbers.push_back(static_cast<std::int64_t>(octets));
        } else if (option.type == OptionType::duration || option.type == OptionType::durations) {
            PH_TRY(auto seconds, parse_duration(text));
            if (seconds == Seconds(0)) return nothing(option, text);
            value.numbers.push_back(seconds.count());
        } else if (option.type == OptionType::path || option.type == OptionType::paths) {
            text = absolute(text, folder);
        } else if (option.type == OptionType::choice) {
            PH_CHECK(check_choice(option, text));
        }
    }
    return {};
}

}  // namespace

RawValue raw_value(const formats::TomlValue& value) {
    RawValue raw;
    raw.kind = value.kind();
    if (const auto* text = value.as_string()) raw.texts.push_back(*text);
    raw.integer = value.as_integer().value_or(0);
    raw.flag = value.as_boolean().value_or(false);
    const auto* items = value.as_array();
    if (items == nullptr) return raw;
    raw.list = true;
    raw.kind = TomlKind::string;
    for (const auto& item : *items) {
        if (item.kind() != TomlKind::string) raw.kind = item.kind();
        raw.texts.push_back(item.as_string() != nullptr ? *item.as_string() : std::string());
    }
    return raw;
}

RawValue raw_value(const Option& option, const std::string& text) {
    RawValue raw;
    if (option.type == OptionType::flag && (text == "true" || text == "false")) {
        raw.kind = TomlKind::boolean;
        raw.flag = text == "true";
    } else if (option.type == OptionType::number) {
        const auto [end, failed] =
            std::from_chars(text.data(), text.data() + text.size(), raw.integer);
        if (failed == std::errc() && end == text.data() + text.size()) raw.kind = TomlKind::integer;
    } else {
        raw.texts.push_back(text);
    }
    return raw;
}

Result<OptionValue> typed_value(const Option& option, const RawValue& raw,
                                const std::string& folder) {
    auto wrong = [&]() -> std::unexpected<Error> {
        return fail(ErrorKind::syntax,
                    fmt::format("\"{}\" needs {}, found {}", option.key, expected(option.type),
                                raw.list ? "a list" : formats::to_string(raw.kind)));
    };
    OptionValue value;
    value.list = raw.list;
    bool takes_list = option.type == OptionType::texts || option.type == OptionType::paths ||
                      option.type == OptionType::addresses || option.type == OptionType::durations;
    if (raw.list && !takes_list) return wrong();
    if (option.type == OptionType::flag) {
        if (raw.kind != TomlKind::boolean) return wrong();
        value.flag = raw.flag;
        return value;
    }
    if (option.type == OptionType::number) {
        if (raw.kind != TomlKind::integer) return wrong();
        if (raw.integer < 1 || raw.integer > 1'000'000'000)
            return fail(ErrorKind::syntax,
                        fmt::format("\"{}\" must be between 1 and 1000000000", option.key));
        value.numbers.push_back(raw.integer);
        return value;
    }
    if (raw.kind != TomlKind::string) {
        if (raw.kind == TomlKind::integer &&
            (option.type == OptionType::size || option.type == OptionType::duration))
            return fail(ErrorKind::syntax, fmt::format("{} has no unit", raw.integer),
                        fmt::format("write {}", expected(option.type)));
        return wrong();
    }
    value.texts = raw.texts;
    PH_CHECK(convert(option, value, folder));
    return value;
}

}  // namespace posthaste::app
