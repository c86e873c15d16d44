// GET /metrics (Prometheus text), /livez and /readyz.
#pragma once

#include "base/metrics.h"
#include "web/http/router.h"

namespace posthaste::web {

void add_metrics_page(Router& router, const MetricsRegistry& metrics);

}  // namespace posthaste::web
