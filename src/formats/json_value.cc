#include "base/assert.h"
#include "formats/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

namespace posthaste::formats {

// Takes Boost.JSON's events and builds our values at once, so that there is no second tree, and
// twice the same key can be seen. No recursion: what is open waits on a stack of at most
// kMaxJsonDepth.
class JsonBuilder {
  public:
    using Code = boost::json::error_code;
    using Text = boost::json::string_view;
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    explicit JsonBuilder(std::size_t max_values) : values_left_(max_values) {}

    bool on_document_begin(Code&) { return true; }

    bool on_document_end(Code&) { return true; }

    bool on_object_begin(Code& code) { return open(JsonValue::Members{}, code); }

    bool on_array_begin(Code& code) { return open(JsonValue::Items{}, code); }

    bool on_array_end(std::size_t, Code& code) { return close(code); }

    bool on_object_end(std::size_t, Code& code) {
        if (const auto twice = key_given_twice(std::get<JsonValue::Members>(open_.back().data_)))
            return refuse(ErrorKind::syntax, fmt::format("the key \"{}\" is given twice", *twice),
                          code);
        return close(code);
    }

    bool on_key_part(Text part, std::size_t, Code&) { return gather(part); }

    bool on_key(Text part, std::size_t, Code&) {
        gather(part);
        std::get<JsonValue::Members>(open_.back().data_)
            .push_back({std::exchange(gathered_, {}), JsonValue{}});
        return true;
    }

    bool on_string_part(Text part, std::size_t, Code&) { return gather(part); }

    bool on_string(Text part, std::size_t, Code& code) {
        gather(part);
        return scalar(std::exchange(gathered_, {}), code);
    }

    bool on_number_part(Text part, Code&) { return gather(part); }

    bool on_int64(std::int64_t number, Text, Code& code) {
        gathered_.clear();
        return scalar(number, code);
    }

    bool on_uint64(std::uint64_t, Text rest, Code& code) { return real(rest, code); }

    bool on_double(double, Text rest, Code& code) { return real(rest, code); }

    bool on_bool(bool truth, Code& code) { return scalar(truth, code); }

    bool on_null(Code& code) { return scalar(std::monostate{}, code); }

    bool on_comment_part(Text, Code&) { return true; }

    bool on_comment(Text, Code&) { return true; }

    std::optional<Error> error;
    JsonValue result;

  private:
    bool refuse(ErrorKind kind, std::string text, Code& code) {
        error = Error{kind, std::move(text), {}};
        code = boost::json::error::exception;
        return false;
    }

    bool gather(Text part) {
        gathered_.append(part.data(), part.size());
        return true;
    }

    template <class T>
    bool scalar(T data, Code& code) {
        JsonValue value;
        value.data_ = std::move(data);
        return place(std::move(value), code);
    }

    // From the text: Boost's own conversion may miss the nearest double by one.
    bool real(Text rest, Code& code) {
        gather(rest);
        const std::string text = std::exchange(gathered_, {});
        double number = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (problem == std::errc{} && end == text.data() + text.size()) return scalar(number, code);
        return refuse(ErrorKind::syntax,
                      fmt::format("the number {} is out of range", text.substr(0, 80)), code);
    }

    template <class T>
    bool open(T empty, Code&) {
        PH_ASSERT(open_.size() < kMaxJsonDepth);
        open_.emplace_back().data_ = std::move(empty);
        return true;
    }

    bool close(Code& code) {
        JsonValue value = std::move(open_.back());
        open_.pop_back();
        return place(std::move(value), code);
    }

    bool place(JsonValue value, Code& code) {
        if (values_left_ == 0)
            return refuse(ErrorKind::too_large, "the JSON text has too many values", code);
        --values_left_;
        if (open_.empty()) {
            result = std::move(value);
        } else if (auto* items = std::get_if<JsonValue::Items>(&open_.back().data_)) {
            items->push_back(std::move(value));
        } else {
            std::get<JsonValue::Members>(open_.back().data_).back().value = std::move(value);
        }
        return true;
    }

    static std::optional<std::string> key_given_twice(const JsonValue::Members& members) {
        std::vector<std::string_view> keys;
        keys.reserve(members.size());
        for (const JsonMember& member : members) keys.emplace_back(member.key);
        std::ranges::sort(keys);
        const auto twice = std::ranges::adjacent_find(keys);
        if (twice == keys.end()) return std::nullopt;
        return std::string(twice->substr(0, 80));
    }

    std::vector<JsonValue> open_;
    std::string gathered_;
    std::size_t values_left_;
};

Result<JsonValue> JsonValue::parse(std::string_view text, JsonLimits limits) {
    if (text.size() > limits.max_octets)
        return fail(ErrorKind::too_large,
                    fmt::format("the JSON text has more than {} octets", limits.max_octets),
                    "send less at once");
    boost::json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    boost::json::basic_parser<JsonBuilder> parser(options, limits.max_values);
    boost::json::error_code code;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), code);
    if (auto& error = parser.handler().error) return std::unexpected(std::move(*error));
    if (code == boost::json::error::too_deep)
        return fail(ErrorKind::too_large,
                    fmt::format("the JSON text nests deeper than {}", kMaxJsonDepth));
    if (code)
        return fail(ErrorKind::syntax,
                    fmt::format("not valid JSON at octet {}: {}", used + 1, code.message()));
    if (used < text.size())
        return fail(ErrorKind::syntax,
                    fmt::format("not valid JSON at octet {}: text behind the value", used + 1));
    return std::move(parser.handler().result);
}

std::optional<bool> JsonValue::as_bool() const {
    const auto* truth = std::get_if<bool>(&data_);
    return truth != nullptr ? std::optional(*truth) : std::nullopt;
}

std::optional<std::int64_t> JsonValue::as_int() const {
    if (const auto* number = std::get_if<std::int64_t>(&data_)) return *number;
    constexpr double kExact =
        9007199254740992.0;  // 2^53: beyond it a double may stand for a neighbour
    const auto* number = std::get_if<double>(&data_);
    if (number == nullptr || !(std::abs(*number) <= kExact) || std::trunc(*number) != *number)
        return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

std::optional<double> JsonValue::as_double() const {
    if (const auto* number = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*number);
    const auto* number = std::get_if<double>(&data_);
    return number != nullptr ? std::optional(*number) : std::nullopt;
}

std::optional<std::string_view> JsonValue::as_string() const {
    const auto* text = std::get_if<std::string>(&data_);
    return text != nullptr ? std::optional<std::string_view>(*text) : std::nullopt;
}

std::span<const JsonValue> JsonValue::items() const {
    if (const auto* items = std::get_if<Items>(&data_)) return *items;
    return {};
}

std::span<const JsonMember> JsonValue::members() const {
    if (const auto* members = std::get_if<Members>(&data_)) return *members;
    return {};
}

const JsonValue* JsonValue::find(std::string_view key) const {
    for (const JsonMember& member : members())
        if (member.key == key) return &member.value;
    return nullptr;
}

namespace {

void write(JsonWriter& out, const JsonValue& value) {
    if (value.is_object()) {
        out.begin_object();
        for (const auto& member : value.members()) {
            out.key(member.key);
            write(out, member.value);
        }
        out.end_object();
    } else if (value.is_array()) {
        out.begin_array();
        for (const auto& item : value.items()) write(out, item);
        out.end_array();
    } else if (value.is_string()) {
        out.value(*value.as_string());
    } else if (value.is_bool()) {
        out.value(*value.as_bool());
    } else if (auto whole = value.as_int()) {
        out.value(*whole);
    } else if (auto number = value.as_double()) {
        out.value(*number);
    } else {
        out.value(nullptr);
    }
}

}  // namespace

std::string to_json(const JsonValue& value) {
    JsonWriter out;
    write(out, value);
    return std::move(out).take();
}

}  // namespace posthaste::formats
