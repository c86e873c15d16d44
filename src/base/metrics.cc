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

// A label's value: backslash, quote and line end (text format 0.0.4).
std::string escape_value(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

void add_sample(std::string& out, const std::string& name, const MetricSample& sample) {
    out += name;
    char before = '{';
    for (const auto& [label, value] : sample.labels) {
        PH_ASSERT(is_metric_name(label));
        fmt::format_to(std::back_inserter(out), "{}{}=\"{}\"", std::exchange(before, ','), label,
                       escape_value(value));
    }
    if (!sample.labels.empty()) out += '}';
    fmt::format_to(std::back_inserter(out), " {}\n", sample.value);
}

}  // namespace

void MetricsRegistry::add(std::string name, std::string help, const Counter& counter) {
    PH_ASSERT(is_metric_name(name));
    entries_.push_back({std::move(name), std::move(help), &counter, nullptr, {}, {}});
}

void MetricsRegistry::add(std::string name, std::string help, const Gauge& gauge) {
    PH_ASSERT(is_metric_name(name));
    entries_.push_back({std::move(name), std::move(help), nullptr, &gauge, {}, {}});
}

void MetricsRegistry::add(std::string name, std::string help, MetricKind kind, ReadSamples read) {
    PH_ASSERT(is_metric_name(name));
    entries_.push_back({std::move(name), std::move(help), nullptr, nullptr, std::move(read), kind});
}

void MetricsRegistry::add_number(std::string name, std::string help, MetricKind kind,
                                 ReadNumber read) {
    add(std::move(name), std::move(help), kind,
        [read = std::move(read)] { return std::vector<MetricSample>{{{}, read()}}; });
}

std::string MetricsRegistry::render() const {
    std::string out;
    for (const Entry& entry : entries_) {
        const bool is_counter =
            entry.read ? entry.kind == MetricKind::counter : entry.counter != nullptr;
        fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", entry.name,
                       escape_help(entry.help), entry.name, is_counter ? "counter" : "gauge");
        if (entry.read) {
            for (const MetricSample& sample : entry.read()) add_sample(out, entry.name, sample);
        } else if (entry.counter != nullptr) {
            fmt::format_to(std::back_inserter(out), "{} {}\n", entry.name, entry.counter->value());
        } else {
            fmt::format_to(std::back_inserter(out), "{} {}\n", entry.name, entry.gauge->value());
        }
    }
    return out;
}

}  // namespace posthaste
