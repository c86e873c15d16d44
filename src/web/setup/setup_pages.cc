#include "web/setup/setup_pages.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "formats/url.h"
#include "web/pages/page.h"
#include "web/setup/setup_view.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using runtime::Task;

constexpr std::size_t kMaxPathShown = 100;

Task<HttpResponse> show(std::shared_ptr<const SetupPagesOptions> options,
                        const HttpRequest& request) {
    SetupView view{.settings = options->settings, .admin = options->admin};
    read_query(request, view);
    if (view.user && options->domains != nullptr) {
        auto names = co_await options->domains->get();
        view.is_elsewhere = names && !(*names)->contains(view.user->domain().ascii());
    }
    if (view.user) view.settings.domain = view.user->domain();
    if (view.is_elsewhere) view.user.reset();  // no profile and no code can be had for it
    co_return setup_page(view);
}

Task<HttpResponse> ready_made(HttpResponse (*make)()) {
    co_return make();
}

// "/Setup/" meant "/setup", "/help/550" meant "/h/550". Empty when it is no such slip.
std::string meant_path(const HttpRequest& request) {
    auto segments = request.segments;
    std::erase(segments, "");
    if (segments.empty()) return {};
    segments.front() = ascii::to_lower(segments.front());
    if (segments.front() == "help") segments.front() = "h";
    if (segments.front() != "setup" && segments.front() != "h") return {};
    if (segments == std::vector<std::string>{"h"}) return "/h/";
    std::string path;
    for (const auto& segment : segments) path += "/" + formats::percent_encode(segment);
    return segments == request.segments ? std::string() : path;
}

std::string query_of(const HttpRequest& request) {
    std::string query;
    for (const auto& [name, value] : request.query)
        query += fmt::format("{}{}={}", query.empty() ? "?" : "&", formats::percent_encode(name),
                             formats::percent_encode(value));
    return query;
}

Task<HttpResponse> missing(std::shared_ptr<const SetupPagesOptions> options,
                           const HttpRequest& request) {
    const bool may_look = request.method == "GET" || request.method == "HEAD";
    if (may_look) {
        if (const auto path = meant_path(request); !path.empty())
            co_return HttpResponse::redirect(path + query_of(request));
    }
    const bool is_browser =
        ascii::to_lower(request.header("Accept")).find("text/html") != std::string::npos;
    if (!may_look || !is_browser) co_return nothing_there(request);
    SetupView view{.settings = options->settings, .admin = options->admin};
    read_query(request, view);
    const auto words = [&view](std::string_view key, discovery::TextValues values = {}) {
        return discovery::fill_text(discovery::text(view.language, key), values);
    };
    const auto path = utf8::printable(request.path, kMaxPathShown);
    co_return setup_note(view, {.title = words("page.missing.title"),
                                .paragraphs = {words("page.missing", {{"path", path}})},
                                .more = fmt::format("<p><a class=\"go\" href=\"/setup\">{}</a></p>",
                                                    html_text(view.language, "page.setup.title")),
                                .status = 404});
}

Task<HttpResponse> lead_there() {
    co_return HttpResponse::redirect("/setup");
}

}  // namespace

void add_setup_pages(Router& router, SetupPagesOptions options) {
    auto shared = std::make_shared<const SetupPagesOptions>(std::move(options));
    router.add("GET", "/setup",
               [shared](const auto& request, const auto&) { return show(shared, request); });
    router.otherwise(
        [shared](const auto& request, const auto&) { return missing(shared, request); });
    router.add("GET", "/setup.css",
               [](const auto&, const auto&) { return ready_made(setup_style); });
    router.add("GET", "/setup.js",
               [](const auto&, const auto&) { return ready_made(setup_script); });
    router.add("GET", "/icon.svg", [](const auto&, const auto&) { return ready_made(icon); });
    router.add("GET", "/favicon.ico", [](const auto&, const auto&) { return ready_made(icon); });
    router.add("GET", "/", [](const auto&, const auto&) { return lead_there(); });
}

}  // namespace posthaste::web
