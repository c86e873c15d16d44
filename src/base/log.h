// The log: one line an event on stderr, logfmt for people, JSON for machines.
//
// Thread-safe. A line is formatted by the caller and put into a bounded ring; one thread writes. A
// blocked stderr never blocks a caller: when the ring is full the line is dropped and counted, and
// the count is logged once there is room again. Values are escaped; a Secret cannot be logged (it
// does not convert).
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace posthaste {

enum class LogLevel { debug, info, warning, error };  // error: the operator must act; warning: soon
enum class LogFormat { logfmt, json };

std::string_view to_string(LogLevel level);

struct LogField {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, bool> value;

    LogField(std::string_view k, std::string_view v) : key(k), value(v) {}

    LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}

    LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}

    template <std::integral T>
    LogField(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}

    LogField(std::string_view k, bool v) : key(k), value(v) {}
};

using LogFields = std::initializer_list<LogField>;

class Log {
  public:
    struct Options {
        LogFormat format = LogFormat::logfmt;
        LogLevel level = LogLevel::info;
        int fd = 2;
        std::size_t ring_lines = 16384;
    };

    explicit Log(Options options);
    ~Log();  // writes what is left, waiting at most one second for a blocked reader
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    // `event` is one of the words of base/event.h or a dotted name such as "server.started".
    void write(LogLevel level, std::string_view event, LogFields fields);
    // The same for fields that were gathered at run time.
    void write_fields(LogLevel level, std::string_view event, std::span<const LogField> fields);

    void debug(std::string_view event, LogFields fields) { write(LogLevel::debug, event, fields); }

    void info(std::string_view event, LogFields fields) { write(LogLevel::info, event, fields); }

    void warning(std::string_view event, LogFields fields) {
        write(LogLevel::warning, event, fields);
    }

    void error(std::string_view event, LogFields fields) { write(LogLevel::error, event, fields); }

    std::uint64_t dropped() const;

  private:
    struct Ring;  // shared with the writing thread, which may outlive the Log when its reader
                  // blocks
    std::shared_ptr<Ring> ring_;
};

}  // namespace posthaste
