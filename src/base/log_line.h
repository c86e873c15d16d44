// One log line as text. Pure; private to base/log.
#pragma once

#include "base/log.h"
#include "base/time.h"

#include <span>
#include <string>
#include <string_view>

namespace posthaste {

// Octets of one value that a line carries at most; the rest is cut.
inline constexpr std::size_t kMaxLogValue = 2048;

struct LogLine {
    Timestamp time;
    LogLevel level;
    std::string_view event;
    std::span<const LogField> fields;
};

// Appends the line with its line end. Whatever the values hold, it is one line of valid UTF-8, and
// in JSON one valid object.
void append_logfmt(std::string& out, const LogLine& line);
void append_json(std::string& out, const LogLine& line);

}  // namespace posthaste
