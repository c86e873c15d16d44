// TOML with the position of every key and value, so that a mistake can be shown where it stands. toml++ is behind it,
// in toml.cc alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace posthaste::formats {

struct TomlPosition {
    std::uint32_t line = 0;  // from 1
    std::uint32_t column = 0;
};

struct TomlEntry;

struct TomlValue {
    enum class Kind { string, integer, floating, boolean, datetime, array, table };

    Kind kind = Kind::string;
    TomlPosition at;
    std::string text;           // string
    std::int64_t integer = 0;
    double floating = 0;
    bool boolean = false;
    std::vector<TomlValue> items;      // array
    std::vector<TomlEntry> entries;    // table, in the order of the file
};

struct TomlEntry {
    std::string key;
    TomlPosition at;  // of the key
    TomlValue value;
};

std::string_view to_string(TomlValue::Kind kind);  // "text", "a number", "a list", … for sentences

struct TomlSyntaxError {
    TomlPosition at;
    std::string text;  // one sentence
};

// At most 1 MB. The value of a good document is a table.
std::variant<TomlValue, TomlSyntaxError> parse_toml(std::string_view text);

}  // namespace posthaste::formats
