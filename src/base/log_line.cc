#include "base/log_line.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <algorithm>
#include <charconv>

namespace posthaste {

namespace {

// Printable ASCII without what either format must escape: nearly every value, and copied as it is.
bool is_plain(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '='; });
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

void append_number(std::string& out, std::int64_t number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number);
    out.append(digits, end.ptr);
}

void append_logfmt_text(std::string& out, std::string_view text) {
    if (!text.empty() && text.size() <= kMaxLogValue && is_plain(text)) {
        out += text;
    } else {
        const std::string shown = utf8::printable(text, kMaxLogValue);
        if (!shown.empty() && is_plain(shown)) {
            out += shown;
        } else {
            append_quoted(out, shown);
        }
    }
}

void append_json_text(std::string& out, std::string_view text) {
    if (text.size() <= kMaxLogValue && is_plain(text)) {
        out += '"';
        out += text;
        out += '"';
    } else {
        append_quoted(out, utf8::printable(text, kMaxLogValue));
    }
}

// Keys are literals of ours; one made of data must not break the line all the same.
void append_key(std::string& out, std::string_view key) {
    for (const char c : key)
        out += ascii::is_alnum(c) || c == '_' || c == '.' || c == '-' ? c : '_';
}

}  // namespace

void append_logfmt(std::string& out, const LogLine& line) {
    out += "ts=";
    out += format_iso8601(line.time);
    out += " level=";
    out += to_string(line.level);
    out += " event=";
    append_logfmt_text(out, line.event);
    for (const LogField& field : line.fields) {
        out += ' ';
        append_key(out, field.key);
        out += '=';
        if (const auto* text = std::get_if<std::string_view>(&field.value)) {
            append_logfmt_text(out, *text);
        } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            append_number(out, *number);
        } else {
            out += std::get<bool>(field.value) ? "true" : "false";
        }
    }
    out += '\n';
}

void append_json(std::string& out, const LogLine& line) {
    out += R"({"ts":")";
    out += format_iso8601(line.time);
    out += R"(","level":")";
    out += to_string(line.level);
    out += R"(","event":)";
    append_json_text(out, line.event);
    for (const LogField& field : line.fields) {
        out += ",\"";
        append_key(out, field.key);
        out += "\":";
        if (const auto* text = std::get_if<std::string_view>(&field.value)) {
            append_json_text(out, *text);
        } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            append_number(out, *number);
        } else {
            out += std::get<bool>(field.value) ? "true" : "false";
        }
    }
    out += "}\n";
}

}  // namespace posthaste
