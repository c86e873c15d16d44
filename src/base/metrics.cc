#include "base/metrics.h"

#include "base/ascii.h"
#include "base/assert.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace posthaste {

namespace {

bool is_metric_name(std::string_view name) {
    return !name.empty() && !ascii::is_digit(name.front()) && std::ranges::all_of(name, [](char c) {
        return ascii::is_alnum(c) || c == '_' || c == ':';
    });
}

std::string escape_help(std::string_view help) {
    std::string out;
    for (const char c : help) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

void MetricsRegistry::add(std::string name, std::string help, const Counter& counter) {
    PH_ASSERT(is_metric_name(name));
    entries_.push_back({std::move(name), std::move(help), &counter, nullptr});
}

void MetricsRegistry::add(std::string name, std::string help, const Gauge& gauge) {
    PH_ASSERT(is_metric_name(name));
    entries_.push_back({std::move(name), std::move(help), nullptr, &gauge});
}

std::string MetricsRegistry::render() const {
    std::string out;
    for (const Entry& entry : entries_) {
        fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", entry.name,
                       escape_help(entry.help), entry.name,
                       entry.counter != nullptr ? "counter" : "gauge");
        if (entry.counter != nullptr) {
            fmt::format_to(std::back_inserter(out), "{} {}\n", entry.name, entry.counter->value());
        } else {
            fmt::format_to(std::back_inserter(out), "{} {}\n", entry.name, entry.gauge->value());
        }
    }
    return out;
}

}  // namespace posthaste
