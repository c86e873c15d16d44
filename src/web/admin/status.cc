#include "web/admin/status.h"

#include "delivery/sts/mta_sts_cache.h"
#include "delivery/tlsrpt/tls_reporter.h"
#include "web/admin/body.h"
#include "web/admin/relay.h"

#include <chrono>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonWriter;

std::string_view health_text(store::Health health) {
    switch (health) {
        case store::Health::ok:
            return "ok";
        case store::Health::full:
            return "full";
        default:
            return "failed";
    }
}

// From the store, which is seconds behind: memory has those alone that mail has used since the
// start.
Result<void> write_sts(JsonWriter& out, const AdminServices& services) {
    PH_TRY(const auto rows, services.store.engine().kept(delivery::kStsKind));
    const Timestamp at = now();
    std::uint64_t enforce = 0;
    std::uint64_t testing = 0;
    for (const auto& row : rows) {
        const auto entry = delivery::from_row(row);
        const auto* known = entry ? entry->valid(at) : nullptr;
        if (known == nullptr) continue;
        enforce += known->policy.mode == delivery::StsMode::enforce ? 1 : 0;
        testing += known->policy.mode == delivery::StsMode::testing ? 1 : 0;
    }
    out.key("sts_policies").begin_object();
    out.member("enforce", enforce).member("testing", testing).end_object();
    return {};
}

void write_tls_reports(JsonWriter& out, const AdminServices& services) {
    if (services.tls_reports == nullptr) return;
    const auto yesterday = std::chrono::floor<std::chrono::days>(now()) - std::chrono::days(1);
    const auto told = services.tls_reports->reports_of(yesterday);
    out.key("tls_reports").begin_object();
    out.member("day", format_iso8601(Timestamp(yesterday)).substr(0, 10));
    out.member("sent", told.ended.sent)
        .member("waiting", told.waiting)
        .member("given_up", told.ended.given_up)
        .member("not_wanted", told.ended.not_wanted)
        .end_object();
}

// "works", "refused", "no_token", "sign_in", or "unused" before the first.
std::string_view state_of(const delivery::LoginReport& login) {
    if (login.token && login.token->sign_in_needed) return "sign_in";
    if (login.refused) return "refused";
    if (login.token && !login.token->until && !login.token->trouble.empty()) return "no_token";
    return login.worked ? "works" : "unused";
}

Result<void> write_logins(JsonWriter& out, const AdminServices& services) {
    if (services.relays == nullptr) return {};
    PH_TRY(const auto logins, services.relays->report());
    const Timestamp at = now();
    out.key("logins").begin_array();
    for (const auto& login : logins) {
        out.begin_object().member("route", login.route.empty() ? "default" : login.route);
        out.member("relay", login.relay).member("user", login.user);
        out.member("state", state_of(login));
        if (login.token && login.token->until)
            out.member("token_s",
                       std::chrono::duration_cast<Seconds>(*login.token->until - at).count());
        if (login.token && !login.token->trouble.empty())
            out.member("trouble", login.token->trouble);
        out.end_object();
    }
    out.end_array();
    return {};
}

Result<HttpResponse> answer_status(const AdminServices& services) {
    PH_TRY(const auto counts, services.store.engine().counts());
    const auto status = services.queue.status();
    const bool running = services.events != nullptr;
    JsonWriter out;
    out.begin_object().member("version", services.version).member("hostname", services.hostname);
    out.member("running", running);
    out.member("store", health_text(status.health));
    if (!status.health_text.empty()) out.member("store_text", status.health_text);
    if (running && services.resolver != nullptr) {
        const auto validation = services.resolver->validation();
        out.member("dnssec", validation.works);
        if (!validation.why_not.empty()) out.member("dnssec_text", validation.why_not);
    }
    out.member("messages", counts.messages)
        .member("recipients", counts.recipients)
        .member("held", counts.held);
    out.member("octets", counts.octets).member("in_flight", status.in_flight);
    PH_CHECK(write_sts(out, services));
    write_tls_reports(out, services);
    PH_CHECK(write_logins(out, services));
    if (services.automation != nullptr) out.member("overrides", services.automation->list().size());
    out.end_object();
    return HttpResponse::json(std::move(out).take());
}

runtime::Task<HttpResponse> show_status(Services services) {
    auto read = [services] { return answer_status(*services); };
    auto answer = co_await runtime::offload(services->blocking, std::move(read),
                                            Deadline::after(kAdminDeadline));
    if (!answer) co_return HttpResponse::error(answer.error());
    co_return std::move(*answer);
}

}  // namespace

void add_status_resources(Router& router, Services services) {
    router.add("GET", "/v1/status",
               [services](const auto&, const auto&) { return show_status(services); });
}

}  // namespace posthaste::web
