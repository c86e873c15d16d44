#include "web/pages/metrics_page.h"

namespace posthaste::web {

namespace {

runtime::Task<HttpResponse> render(const MetricsRegistry& metrics) {
    co_return HttpResponse{200, "text/plain; version=0.0.4", metrics.render(), {}};
}

runtime::Task<HttpResponse> alive(const HttpRequest&, const PathValues&) {
    co_return HttpResponse::text("ok\n");
}

}  // namespace

void add_metrics_page(Router& router, const MetricsRegistry& metrics) {
    router.add("GET", "/metrics",
               [&metrics](const HttpRequest&, const PathValues&) { return render(metrics); });
    router.add("GET", "/livez", alive);
    router.add("GET", "/readyz", alive);  // the listener opens when everything behind it is ready
}

}  // namespace posthaste::web
