#include "web/setup_pages.h"

#include "web/page.h"
#include "web/setup_view.h"

#include <memory>

namespace posthaste::web {

namespace {

using runtime::Task;

Task<HttpResponse> show(std::shared_ptr<const SetupPagesOptions> options,
                        const HttpRequest& request) {
    SetupView view{.settings = options->settings, .admin = options->admin};
    read_query(request, view);
    if (view.user) view.settings.domain = view.user->domain();
    co_return setup_page(view);
}

Task<HttpResponse> ready_made(HttpResponse (*make)()) {
    co_return make();
}

Task<HttpResponse> lead_there() {
    co_return HttpResponse::redirect("/setup");
}

}  // namespace

void add_setup_pages(Router& router, SetupPagesOptions options) {
    auto shared = std::make_shared<const SetupPagesOptions>(std::move(options));
    router.add("GET", "/setup",
               [shared](const auto& request, const auto&) { return show(shared, request); });
    router.add("GET", "/setup.css",
               [](const auto&, const auto&) { return ready_made(setup_style); });
    router.add("GET", "/setup.js",
               [](const auto&, const auto&) { return ready_made(setup_script); });
    router.add("GET", "/icon.svg", [](const auto&, const auto&) { return ready_made(icon); });
    router.add("GET", "/favicon.ico", [](const auto&, const auto&) { return ready_made(icon); });
    router.add("GET", "/", [](const auto&, const auto&) { return lead_there(); });
}

}  // namespace posthaste::web
