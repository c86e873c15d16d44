// JSON (RFC 8259) both ways. The writer appends and keeps nothing but its text; the reader builds a
// tree of plain values within bounds.
#pragma once

#include "base/result.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace posthaste::formats {

// Builds one value on one line:
//   JsonWriter json;
//   json.begin_object().member("id",
//   id).key("to").begin_array().value(a).value(b).end_array().end_object(); std::string text =
//   std::move(json).take();
// Whatever the strings hold, the text is valid JSON: what is not UTF-8 comes out as utf8::printable
// writes it. Calls out of order (a value without its key, an end without its begin) are asserted.
class JsonWriter {
  public:
    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);

    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }

    JsonWriter& value(const char* text) { return value(std::string_view(text)); }

    JsonWriter& value(bool truth);
    JsonWriter& value(std::nullptr_t);
    JsonWriter& value(double number);  // null for what JSON cannot say: infinities and NaN

    template <std::integral T>
    JsonWriter& value(T number) {
        if constexpr (std::is_signed_v<T>) {
            return integer(static_cast<std::int64_t>(number));
        } else {
            return natural(static_cast<std::uint64_t>(number));
        }
    }

    // null for an empty one.
    template <class T>
    JsonWriter& value(const std::optional<T>& maybe) {
        return maybe ? value(*maybe) : value(nullptr);
    }

    template <class T>
    JsonWriter& member(std::string_view name, const T& v) {
        return key(name).value(v);
    }

    // The finished text; everything begun must have ended.
    std::string take() &&;

  private:
    enum class Open : std::uint8_t { array, object };

    JsonWriter& integer(std::int64_t number);
    JsonWriter& natural(std::uint64_t number);
    void before_value();
    void end(Open what, char bracket);

    std::string text_;
    std::vector<Open> open_;
    bool first_ = true;       // in the innermost array or object
    bool after_key_ = false;  // the next call must be the value
    bool begun_ = false;      // the outermost value
};

struct JsonMember;

struct JsonLimits {
    std::size_t max_octets = 1 << 20;
    std::size_t max_values = 65'536;  // a tree takes some 40 times the octets of "[1,1,1..."
};

inline constexpr std::size_t kMaxJsonDepth = 32;

// One value of a parsed text; owns what is below it.
class JsonValue {
  public:
    JsonValue() = default;  // null

    // The whole text must be one value. An object that has a key twice is refused: readers would
    // differ about its meaning. Fails with syntax or too_large.
    static Result<JsonValue> parse(std::string_view text, JsonLimits limits = {});

    bool is_null() const { return std::holds_alternative<std::monostate>(data_); }

    bool is_bool() const { return std::holds_alternative<bool>(data_); }

    bool is_number() const {
        return std::holds_alternative<std::int64_t>(data_) || std::holds_alternative<double>(data_);
    }

    bool is_string() const { return std::holds_alternative<std::string>(data_); }

    bool is_array() const { return std::holds_alternative<Items>(data_); }

    bool is_object() const { return std::holds_alternative<Members>(data_); }

    // Nothing when the value is of another kind.
    std::optional<bool> as_bool() const;
    std::optional<std::int64_t> as_int()
        const;  // also 5.0 and 1e3, which some programs write for whole numbers
    std::optional<double> as_double() const;
    std::optional<std::string_view> as_string() const;

    // Of an array, of an object, in the order of the text; empty for any other kind.
    std::span<const JsonValue> items() const;
    std::span<const JsonMember> members() const;

    // The value of a key; nullptr without one, or when this is no object.
    const JsonValue* find(std::string_view key) const;

  private:
    friend class JsonBuilder;
    using Items = std::vector<JsonValue>;
    using Members = std::vector<JsonMember>;
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Items, Members> data_;
};

struct JsonMember {
    std::string key;
    JsonValue value;
};

// The value as one line of JSON; its depth is bounded by how it was parsed.
std::string to_json(const JsonValue& value);

}  // namespace posthaste::formats
