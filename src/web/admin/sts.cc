#include "web/admin/sts.h"

#include "delivery/sts/mta_sts.h"
#include "delivery/sts/mta_sts_policy.h"
#include "delivery/sts/mta_sts_record.h"
#include "mail/domain.h"
#include "web/admin/body.h"

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;
using delivery::StsView;
using formats::JsonWriter;

constexpr Seconds kLookUp{20};

// Without a server: the record as it is now, and what the store has of the policy.
runtime::Task<StsView> look_at_store(Services services, std::string name) {
    StsView view;
    if (services->resolver != nullptr) {
        auto asking = services->resolver->txt("_mta-sts." + name, Deadline::after(kLookUp));
        const auto answer = co_await std::move(asking);
        view.record = answer.status == net::DnsStatus::failed
                          ? Result<std::string>(fail(ErrorKind::dns, answer.why))
                          : delivery::read_sts_record(answer.texts);
    } else {
        view.record = fail(ErrorKind::dns, "DNS cannot be asked");
    }
    auto read = [services, name]() -> Result<delivery::StsEntry> {
        PH_TRY(const auto row, services->store.engine().kept(delivery::kStsKind, name));
        return row ? delivery::from_row(*row).value_or(delivery::StsEntry()) : delivery::StsEntry();
    };
    auto reading =
        runtime::offload(services->blocking, std::move(read), Deadline::after(kAdminDeadline));
    auto entry = co_await std::move(reading);
    if (entry) view.entry = std::move(*entry);
    view.valid = view.entry.valid(now()) != nullptr;
    co_return view;
}

void write_policy(JsonWriter& out, const StsView& view) {
    if (!view.entry.known) return;
    const delivery::KnownSts& known = *view.entry.known;
    out.key("policy").begin_object();
    out.member("mode", delivery::to_string(known.policy.mode))
        .member("id", known.policy.id)
        .member("fetched", format_iso8601(known.fetched))
        .member("expires", format_iso8601(known.expires))
        .member("used", format_iso8601(known.used))
        .member("max_age_s", known.max_age.count());
    out.key("mx").begin_array();
    for (const auto& pattern : known.policy.mx) out.value(pattern);
    out.end_array().end_object();
}

void write_hosts(JsonWriter& out, const StsView& view, const net::MxAnswer& mx,
                 const std::string& name) {
    out.key("hosts").begin_array();
    auto hosts = mx.records;
    if (hosts.empty() && mx.status == net::DnsStatus::no_data) hosts.push_back({0, name});
    for (const auto& host : hosts) {
        if (host.host.empty()) continue;  // takes no mail at all (RFC 7505)
        out.begin_object().member("host", host.host).member("preference", host.preference);
        if (view.entry.known)
            out.member("listed", delivery::lists(view.entry.known->policy, host.host));
        out.end_object();
    }
    out.end_array();
}

HttpResponse answer(const StsView& view, const net::MxAnswer& mx, const std::string& name) {
    JsonWriter out;
    out.begin_object().member("domain", name).member("valid", view.valid);
    if (view.record) {
        out.member("record_id", *view.record);
    } else {
        out.member("record_problem", view.record.error().text);
    }
    write_policy(out, view);
    if (view.entry.failed) {
        out.key("failed")
            .begin_object()
            .member("at", format_iso8601(view.entry.failed->at))
            .member("id", view.entry.failed->id)
            .member("why", view.entry.failed->why)
            .end_object();
    }
    if (!mx.why.empty()) out.member("mx_problem", mx.why);
    write_hosts(out, view, mx, name);
    out.end_object();
    return HttpResponse::json(std::move(out).take());
}

runtime::Task<HttpResponse> show(Services services, std::string text, bool refresh) {
    const auto domain = mail::Domain::parse(text);
    if (!domain) co_return HttpResponse::error(domain.error());
    const std::string name = domain->ascii();
    if (refresh && services->sts == nullptr)
        co_return HttpResponse::error(
            {ErrorKind::unsupported,
             "a policy is fetched by a running server that heeds MTA-STS, and none does",
             "posthaste serve, with delivery.mta_sts = true"});
    auto looking = services->sts != nullptr ? services->sts->look(*domain, refresh)
                                            : look_at_store(services, name);
    const StsView view = co_await std::move(looking);
    net::MxAnswer mx;
    if (services->resolver != nullptr) {
        auto asking = services->resolver->mx(name, Deadline::after(kLookUp));
        mx = co_await std::move(asking);
    }
    co_return answer(view, mx, name);
}

}  // namespace

void add_sts_resources(Router& router, const Services& services) {
    router.add("GET", "/v1/sts", [services](const HttpRequest& request, const PathValues&) {
        return show(services, std::string(request.param("domain")), false);
    });
    router.add("POST", "/v1/sts/{domain}/refresh",
               [services](const HttpRequest&, const PathValues& values) {
                   return show(services, values.at("domain"), true);
               });
}

}  // namespace posthaste::web
