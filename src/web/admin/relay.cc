#include "web/admin/relay.h"

#include "web/admin/body.h"

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonWriter;

HttpResponse nobody_knows() {
    return HttpResponse::error(
        {ErrorKind::unsupported, "nobody here looks after smarthosts", "ask the running server"});
}

void write_time(JsonWriter& out, std::string_view key, const std::optional<Timestamp>& at) {
    if (at) out.member(key, format_iso8601(*at));
}

void write_report(JsonWriter& out, const delivery::LoginReport& report) {
    out.begin_object().member("route", report.route.empty() ? "default" : report.route);
    out.member("relay", report.relay).member("user", report.user);
    out.member("method", report.method);
    if (!report.mechanism.empty()) out.member("mechanism", report.mechanism);
    write_time(out, "worked", report.worked);
    write_time(out, "refused", report.refused);
    if (report.refused) out.member("reply", report.reply).member("mend", report.mend);
    if (report.token) {
        out.key("token").begin_object().member("name", report.token_name);
        write_time(out, "until", report.token->until);
        write_time(out, "renewal", report.token->renewal);
        out.member("trouble", report.token->trouble).member("mend", report.token->mend);
        if (!report.token->doubt.empty()) out.member("doubt", report.token->doubt);
        out.member("sign_in_needed", report.token->sign_in_needed).end_object();
    }
    out.end_object();
}

runtime::Task<HttpResponse> show(Services services) {
    if (services->relays == nullptr) co_return nobody_knows();
    auto read = [services] { return services->relays->report(); };
    auto reports = co_await runtime::offload(services->blocking, std::move(read),
                                             Deadline::after(kAdminDeadline));
    if (!reports) co_return HttpResponse::error(reports.error());
    JsonWriter out;
    out.begin_object().key("relays").begin_array();
    for (const auto& report : *reports) write_report(out, report);
    out.end_array().end_object();
    co_return HttpResponse::json(std::move(out).take());
}

runtime::Task<HttpResponse> sign_in(Services services, HttpRequest request) {
    if (services->relays == nullptr) co_return nobody_knows();
    auto body = json_body(request);
    if (!body) co_return HttpResponse::error(body.error());
    auto name = text_member(*body, "name");
    auto token = text_member(*body, "refresh_token");
    if (!name || !token) co_return HttpResponse::error(name ? token.error() : name.error());
    auto keep = [services, name = std::move(*name),
                 token = Secret(std::move(*token))]() -> Result<bool> {
        PH_CHECK(services->relays->sign_in(name, token));
        return true;
    };
    auto kept = co_await runtime::offload(services->blocking, std::move(keep),
                                          Deadline::after(kAdminDeadline));
    if (!kept) co_return HttpResponse::error(kept.error());
    co_return done();
}

}  // namespace

void add_relay_resources(Router& router, Services services) {
    router.add("GET", "/v1/relays",
               [services](const auto&, const auto&) { return show(services); });
    router.add("POST", "/v1/relays/sign-in",
               [services](const auto& request, const auto&) { return sign_in(services, request); });
}

}  // namespace posthaste::web
