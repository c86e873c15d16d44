// TOML 1.0 with the place of every key and value, so that a configuration error can point at it.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace posthaste::formats {

// Counted from 1; columns in characters, not octets. 0 where the text does not have the thing
// itself.
struct TomlPosition {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    auto operator<=>(const TomlPosition&) const = default;
};

enum class TomlKind { table, array, string, integer, floating, boolean, datetime };

std::string_view to_string(
    TomlKind kind);  // for messages: "a table", "text in quotes", "a whole number"

struct TomlEntry;
class TomlValue;

// The entries of a table in the order of the text.
class TomlTable {
  public:
    std::span<const TomlEntry> entries() const;
    const TomlEntry* find(std::string_view key) const;  // nullptr without one

    bool empty() const { return entries_.empty(); }

  private:
    friend class TomlConverter;
    std::vector<TomlEntry> entries_;
};

class TomlValue {
  public:
    TomlKind kind() const;

    TomlPosition position() const { return position_; }

    // nullptr or nothing when the value is of another kind.
    const TomlTable* as_table() const { return std::get_if<TomlTable>(&data_); }

    const std::vector<TomlValue>* as_array() const {
        return std::get_if<std::vector<TomlValue>>(&data_);
    }

    const std::string* as_string() const { return std::get_if<std::string>(&data_); }

    std::optional<std::int64_t> as_integer() const;
    std::optional<double> as_floating() const;
    std::optional<bool> as_boolean() const;
    const std::string* as_datetime()
        const;  // "2026-11-23T14:07:14Z", or the date or the time alone

  private:
    friend class TomlConverter;

    struct Datetime {
        std::string text;
    };

    TomlPosition position_;
    std::variant<TomlTable, std::vector<TomlValue>, std::string, std::int64_t, double, bool,
                 Datetime>
        data_;
};

struct TomlEntry {
    std::string key;
    TomlPosition key_position;  // of a table: where its header names it first
    TomlValue value;
};

inline constexpr std::size_t kMaxTomlOctets = 1 << 20;
inline constexpr std::size_t kMaxTomlDepth = 32;

// `file_name` is for the message only: "posthaste.toml:3:7: …" and below it the line with a caret.
// Fails with syntax or too_large.
Result<TomlTable> parse_toml(std::string_view text, std::string file_name);

// The line of that position and a caret below the column, two lines without an end of line:
//     3 | port = 25s
//       |          ^
// Empty when the text has no such line. The value of a line that may hold a secret (its key speaks
// of a password, secret or token, or it holds an address with a login) is not shown.
std::string toml_excerpt(std::string_view text, TomlPosition position);

}  // namespace posthaste::formats
