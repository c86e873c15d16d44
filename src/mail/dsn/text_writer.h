// What reports and digests are written with: lines for people, and fields of a header.
#pragma once

#include "mail/text.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace posthaste::mail {

class TextWriter {
  public:
    // Values of `entry` begin at that column.
    explicit TextWriter(std::size_t column = 16) : column_(column) {}

    // A paragraph, wrapped, with a line end; `hanging` opens its further lines.
    void line(std::string_view text, std::string_view indent = {}) { line(text, indent, indent); }

    void line(std::string_view text, std::string_view indent, std::string_view hanging) {
        text_ += indent;
        text_ += wrap(text, kWidth - hanging.size(), hanging);
        text_ += "\r\n";
    }

    // "Label:      value", further lines under the value.
    void entry(std::string_view label, std::string_view value) {
        if (value.empty()) return;
        text_ += fmt::format("{:<{}}", fmt::format("  {}:", label), column_);
        text_ += wrap(value, kWidth - column_, std::string(column_, ' '));
        text_ += "\r\n";
    }

    void gap() { text_ += "\r\n"; }

    void rule() { line(std::string(kWidth, '-')); }

    std::string take() { return std::move(text_); }

  private:
    static constexpr std::size_t kWidth = 72;

    std::size_t column_;
    std::string text_;
};

// One field of a header, folded; `body` is one line already and never empty.
inline void add_field(std::string& out, std::string_view name, std::string_view body) {
    constexpr std::size_t kFold = 76;
    out.append(name).append(": ").append(
        wrap(body, kFold - std::min(name.size() + 2, kFold / 2), " "));
    out += "\r\n";
}

}  // namespace posthaste::mail
