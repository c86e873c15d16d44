#include "base/assert.h"
#include "base/utf8.h"
#include "formats/json.h"

#include <charconv>
#include <cmath>

namespace posthaste::formats {

namespace {

void append_string(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string repaired;
    if (!utf8::is_valid(text)) {
        repaired = utf8::printable(text, text.size() * 4);
        text = repaired;
    }
    out += '"';
    for (const char c : text) {
        const auto octet = static_cast<std::uint8_t>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (octet < 0x20 || octet == 0x7f) {
            out += "\\u00";
            out += kHex[octet >> 4];
            out += kHex[octet & 15U];
        } else {
            out += c;
        }
    }
    out += '"';
}

template <class T>
void append_number(std::string& out, T number) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, number);
    PH_ASSERT(end.ec == std::errc{});
    out.append(digits, end.ptr);
}

}  // namespace

void JsonWriter::before_value() {
    if (open_.empty()) {
        PH_ASSERT(!begun_);
        begun_ = true;
    } else if (open_.back() == Open::array) {
        if (!first_) text_ += ',';
    } else {
        PH_ASSERT(after_key_);
    }
    after_key_ = false;
    first_ = false;
}

JsonWriter& JsonWriter::begin_object() {
    before_value();
    open_.push_back(Open::object);
    text_ += '{';
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::begin_array() {
    before_value();
    open_.push_back(Open::array);
    text_ += '[';
    first_ = true;
    return *this;
}

void JsonWriter::end(Open what, char bracket) {
    PH_ASSERT(!open_.empty() && open_.back() == what && !after_key_);
    open_.pop_back();
    text_ += bracket;
    first_ = false;
}

JsonWriter& JsonWriter::end_object() {
    end(Open::object, '}');
    return *this;
}

JsonWriter& JsonWriter::end_array() {
    end(Open::array, ']');
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    PH_ASSERT(!open_.empty() && open_.back() == Open::object && !after_key_);
    if (!first_) text_ += ',';
    append_string(text_, name);
    text_ += ':';
    first_ = false;
    after_key_ = true;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    before_value();
    append_string(text_, text);
    return *this;
}

JsonWriter& JsonWriter::value(bool truth) {
    before_value();
    text_ += truth ? "true" : "false";
    return *this;
}

JsonWriter& JsonWriter::value(std::nullptr_t) {
    before_value();
    text_ += "null";
    return *this;
}

JsonWriter& JsonWriter::value(double number) {
    if (!std::isfinite(number)) return value(nullptr);
    before_value();
    append_number(text_, number);
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t number) {
    before_value();
    append_number(text_, number);
    return *this;
}

JsonWriter& JsonWriter::natural(std::uint64_t number) {
    before_value();
    append_number(text_, number);
    return *this;
}

std::string JsonWriter::take() && {
    PH_ASSERT(begun_ && open_.empty());
    return std::move(text_);
}

}  // namespace posthaste::formats
