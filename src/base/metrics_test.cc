#include "base/metrics.h"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(Metrics, render_as_prometheus_reads_them) {
    Counter accepted;
    Gauge open;
    MetricsRegistry registry;
    EXPECT_EQ(registry.render(), "");
    registry.add("posthaste_accepted_total", "Messages that were answered 250.", accepted);
    registry.add("posthaste_open", "a \\ and a\nline end", open);
    accepted.add();
    accepted.add(41);
    open.set(3);
    open.add(-5);
    EXPECT_EQ(registry.render(),
              "# HELP posthaste_accepted_total Messages that were answered 250.\n"
              "# TYPE posthaste_accepted_total counter\n"
              "posthaste_accepted_total 42\n"
              "# HELP posthaste_open a \\\\ and a\\nline end\n"
              "# TYPE posthaste_open gauge\n"
              "posthaste_open -2\n");
}

TEST(Metrics, numbers_with_labels_are_asked_for_each_time) {
    MetricsRegistry registry;
    std::int64_t left = 3600;
    registry.add("posthaste_token_seconds", "Left.", MetricKind::gauge, [&left] {
        return std::vector<MetricSample>{{{{"route", "the \"big\" \\ one\n"}, {"kind", "x"}}, left},
                                         {{{"route", "b"}}, -1}};
    });
    registry.add("posthaste_none_total", "", MetricKind::counter,
                 [] { return std::vector<MetricSample>(); });
    registry.add_number("posthaste_validates", "", MetricKind::gauge, [] { return 1; });
    left = 60;
    EXPECT_EQ(registry.render(),
              "# HELP posthaste_token_seconds Left.\n"
              "# TYPE posthaste_token_seconds gauge\n"
              "posthaste_token_seconds{route=\"the \\\"big\\\" \\\\ one\\n\",kind=\"x\"} 60\n"
              "posthaste_token_seconds{route=\"b\"} -1\n"
              "# HELP posthaste_none_total \n"
              "# TYPE posthaste_none_total counter\n"
              "# HELP posthaste_validates \n"
              "# TYPE posthaste_validates gauge\n"
              "posthaste_validates 1\n");
}

TEST(MetricsDeathTest, a_name_that_nobody_can_read_is_a_fault_of_ours) {
    const Counter counter;
    MetricsRegistry registry;
    EXPECT_DEATH(registry.add("posthaste accepted", "", counter), "assertion failed");
}

}  // namespace
}  // namespace posthaste
