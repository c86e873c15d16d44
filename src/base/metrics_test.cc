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

TEST(MetricsDeathTest, a_name_that_nobody_can_read_is_a_fault_of_ours) {
    const Counter counter;
    MetricsRegistry registry;
    EXPECT_DEATH(registry.add("posthaste accepted", "", counter), "assertion failed");
}

}  // namespace
}  // namespace posthaste
