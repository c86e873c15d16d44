// A key of the configuration file: its name, its type, its default, a line of text, and what it
// sets.
#pragma once

#include "app/config/settings.h"
#include "base/result.h"

#include <cstdint>
#include <functional>
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

}  // namespace posthaste::app
