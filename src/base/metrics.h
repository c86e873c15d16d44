// Counters and gauges, lock-free to change, readable at any time in the Prometheus text format. A
// layer declares its own in a struct and registers it with the registry that the daemon owns.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace posthaste {

class Counter {
  public:
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }

    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
  public:
    void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }

    void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }

    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

// One of several numbers by one name. The values of a label are few and ours: never an address, a
// domain or anything else that mail brings.
struct MetricSample {
    std::vector<std::pair<std::string, std::string>> labels{};
    std::int64_t value = 0;
};

enum class MetricKind : std::uint8_t { counter, gauge };

class MetricsRegistry {
  public:
    // The metric must outlive the registry's last call of `render`. Names: posthaste_<what>_total
    // for counters.
    void add(std::string name, std::string help, const Counter& counter);
    void add(std::string name, std::string help, const Gauge& gauge);
    // Asked for at each `render`, on its thread: quick, and safe there.
    using ReadSamples = std::function<std::vector<MetricSample>()>;
    void add(std::string name, std::string help, MetricKind kind, ReadSamples read);
    // The same of a single number without labels.
    using ReadNumber = std::function<std::int64_t()>;
    void add_number(std::string name, std::string help, MetricKind kind, ReadNumber read);
    std::string render() const;  // Prometheus text format 0.0.4

  private:
    struct Entry {
        std::string name, help;
        const Counter* counter = nullptr;
        const Gauge* gauge = nullptr;
        ReadSamples read{};
        MetricKind kind = MetricKind::gauge;  // of `read`
    };

    std::vector<Entry> entries_;
};

}  // namespace posthaste
