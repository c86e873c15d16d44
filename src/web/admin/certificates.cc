#include "web/admin/certificates.h"

#include "web/admin/body.h"

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonWriter;

HttpResponse nobody_knows() {
    return HttpResponse::error({ErrorKind::unsupported, "certificates are not looked after here",
                                "ask the running server"});
}

void write_names(JsonWriter& out, std::string_view key, const std::vector<std::string>& names) {
    out.key(key).begin_array();
    for (const auto& name : names) out.value(name);
    out.end_array();
}

void write_failure(JsonWriter& out, const CertificateReport::Failure& failure) {
    out.begin_object();
    if (!failure.name.empty()) out.member("name", failure.name);
    out.member("failures", failure.failures).member("at", format_iso8601(failure.at));
    out.member("next", format_iso8601(failure.next)).member("text", failure.text);
    out.member("mend", failure.mend).end_object();
}

void write_entry(JsonWriter& out, const CertificateReport::Entry& entry) {
    out.begin_object();
    write_names(out, "names", entry.names);
    write_names(out, "missing", entry.missing);
    out.member("source", entry.source).member("file", entry.file).member("kind", entry.kind);
    out.member("issuer", entry.issuer).member("fingerprint", entry.fingerprint);
    if (!entry.warning.empty()) out.member("warning", entry.warning);
    if (entry.until) {
        out.member("until", format_iso8601(*entry.until));
        out.member("left_s", std::chrono::duration_cast<Seconds>(*entry.until - now()).count());
    }
    if (entry.renewal) out.member("renewal", format_iso8601(*entry.renewal));
    out.key("failures").begin_array();
    for (const auto& failure : entry.failures) write_failure(out, failure);
    out.end_array().end_object();
}

std::string to_json(const CertificateReport& report) {
    JsonWriter out;
    out.begin_object().key("certificates").begin_array();
    for (const auto& entry : report.entries) write_entry(out, entry);
    out.end_array().key("uncovered").begin_array();
    for (const auto& [name, count, last] : report.uncovered)
        out.begin_object()
            .member("name", name)
            .member("count", count)
            .member("last", format_iso8601(last))
            .end_object();
    out.end_array().member("authority", report.authority).member("terms", report.terms);
    out.end_object();
    return std::move(out).take();
}

runtime::Task<HttpResponse> show(Services services) {
    if (services->certificates == nullptr) co_return nobody_knows();
    auto read = [services] { return services->certificates->report(); };
    auto report = co_await runtime::offload(services->blocking, std::move(read),
                                            Deadline::after(kAdminDeadline));
    if (!report) co_return HttpResponse::error(report.error());
    co_return HttpResponse::json(to_json(*report));
}

runtime::Task<HttpResponse> renew(Services services) {
    if (services->certificates == nullptr) co_return nobody_knows();
    co_return answer(services->certificates->renew());
}

}  // namespace

void add_certificate_resources(Router& router, const Services& services) {
    router.add("GET", "/v1/certificates",
               [services](const auto&, const auto&) { return show(services); });
    router.add("POST", "/v1/certificates/renew",
               [services](const auto&, const auto&) { return renew(services); });
}

}  // namespace posthaste::web
