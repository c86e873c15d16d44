// The option table: every key of the configuration file with its type, default and one-line text.
// Parsing, checks, `posthaste help config`, the sample file and the environment names all come from
// it.
#pragma once

#include "app/settings.h"
#include "base/result.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::app {

enum class OptionType {
    text,
    texts,
    choice,
    flag,
    number,
    size,
    duration,
    durations,
    path,
    paths,
    address,
    addresses,
};

// A value of the type the table names, already parsed: durations in seconds, sizes in octets, paths
// absolute.
struct OptionValue {
    std::vector<std::string> texts;     // text, choice, path(s), address(es), texts
    std::vector<std::int64_t> numbers;  // number, size, duration(s)
    bool flag = false;
    bool list = false;  // written as a list where one value is allowed too
};

struct Option {
    std::string_view key;  // "limits.message_size"; "route[].to" inside [[route]]
    OptionType type = OptionType::text;
    std::string_view fallback;  // as it would be written in the file, "" when there is none
    std::string_view text;      // what it does, one line
    std::string_view choices;   // "live trap", for OptionType::choice
    bool built = true;          // false: a part that is not built yet; naming it stops the start
    // Gets the parsed value, which replaces one that was set before (the environment speaks after
    // the file); may refuse it with a sentence. Null for route[] keys and keys not
    // built.
    std::function<Result<void>(Settings&, const OptionValue&)> set;
};

std::span<const Option> option_table();
const Option* find_option(std::string_view key);
std::string environment_name(std::string_view key);  // "relay.host" -> POSTHASTE_RELAY_HOST

// Of a choice of relay.tls; verify for anything else.
delivery::TlsLevel tls_level(std::string_view choice);

// "5m", "90s", "2h", "5d", "1w"; "50 MB", "64 KB", "1 GB". Bare numbers are refused: the unit is
// missing.
Result<Seconds> parse_duration(std::string_view text);
Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace posthaste::app
