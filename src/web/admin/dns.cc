#include "web/admin/dns.h"

#include "accounts/dkim_keys.h"
#include "base/ip.h"
#include "discovery/dns_records.h"
#include "web/admin/body.h"
#include "web/setup/served_domains.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonWriter;

struct Asked {
    std::string domain;  // empty: all
    discovery::Language language = discovery::Language::en;
    std::vector<std::string> addresses;
};

Result<Asked> read_query(const HttpRequest& request) {
    Asked asked;
    asked.domain = request.param("domain");
    asked.language =
        discovery::find_language(request.param("lang")).value_or(discovery::Language::en);
    for (const auto& [key, value] : request.query) {
        if (key != "address") continue;
        const auto address = IpAddress::parse(value);
        if (!address)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is no IP address", value),
                        "write it like 192.0.2.1 or 2001:db8::1");
        asked.addresses.push_back(address->to_string());
    }
    return asked;
}

Result<std::vector<mail::Domain>> asked_domains(store::Store& store, const std::string& name) {
    PH_TRY(auto rows, store.engine().domains());
    std::vector<mail::Domain> domains;
    if (!name.empty()) {
        PH_TRY(auto domain, mail::Domain::parse(name));
        const bool ours =
            std::ranges::any_of(rows, [&](const auto& row) { return row.name == domain.ascii(); });
        if (!ours)
            return fail(ErrorKind::not_found, fmt::format("{} is no domain of ours", name),
                        fmt::format("posthaste domain add {}", name));
        domains.push_back(std::move(domain));
        return domains;
    }
    for (const auto& row : rows) {
        PH_TRY(auto domain, mail::Domain::parse(row.name));
        domains.push_back(std::move(domain));
    }
    return domains;
}

void write_records(JsonWriter& out, std::span<const discovery::DnsRecord> records) {
    out.key("records").begin_array();
    for (const auto& one : records) {
        out.begin_object()
            .member("name", one.name)
            .member("type", discovery::to_string(one.type))
            .member("value", one.value);
        if (one.type == discovery::RecordType::srv)
            out.member("priority", std::uint64_t{one.priority})
                .member("weight", std::uint64_t{one.weight})
                .member("port", std::uint64_t{one.port});
        if (one.type == discovery::RecordType::mx)
            out.member("priority", std::uint64_t{one.priority});
        out.end_object();
    }
    out.end_array();
}

// Also of those that sign no more: mail that they signed is on its way.
std::vector<discovery::DkimKey> dkim_of(const std::vector<accounts::DkimKeyInfo>& keys,
                                        const mail::Domain& domain) {
    std::vector<discovery::DkimKey> records;
    for (const auto& key : keys) {
        if (key.domain == domain.ascii() && key.broken.empty())
            records.push_back({key.selector, key.record});
    }
    return records;
}

// What no record can say by itself.
std::vector<std::string> hints_for(const DnsFacts& facts, const Asked& asked,
                                   const discovery::MailSettings& settings,
                                   const discovery::DnsExtras& extras) {
    std::vector<std::string> hints;
    const auto add = [&](std::string_view key, discovery::TextValues values) {
        hints.push_back(discovery::fill_text(discovery::text(asked.language, key), values));
    };
    if (extras.addresses.empty() && discovery::has_host(settings))
        add("dns.no_address", {{"host", settings.host}, {"domain", settings.domain.ascii()}});
    const auto guessed = discovery::guessed_names(settings, extras.names);
    if (facts.acme && !guessed.empty())
        add("dns.guessed", {{"names", fmt::format("{}", fmt::join(guessed, ", "))}});
    if (!facts.relay.empty()) add("dns.relay", {{"relay", facts.relay}});
    return hints;
}

void write_domain(JsonWriter& out, const AdminServices& services, const Asked& asked,
                  const mail::Domain& domain, const std::vector<accounts::DkimKeyInfo>& keys) {
    discovery::DnsExtras extras;
    extras.addresses = asked.addresses.empty() ? services.dns.addresses : asked.addresses;
    extras.report_to = services.dns.report_to;
    extras.bounce_domain = services.dns.bounce_domain;
    extras.names = services.dns.names;
    extras.dkim = dkim_of(keys, domain);
    const auto settings = settings_for(services.dns.settings, domain);
    const auto records = discovery::dns_records(settings, extras);
    const auto rows = discovery::form_rows(records, domain);
    out.begin_object().member("domain", domain.ascii());
    write_records(out, records);
    const auto hints = hints_for(services.dns, asked, settings, extras);
    out.key("hints").begin_array();
    for (const auto& hint : hints) out.value(hint);
    out.end_array();
    out.member("zone", discovery::zone_file(records, asked.language))
        .member("form", discovery::form_table(rows, asked.language))
        .end_object();
}

Result<HttpResponse> show(const AdminServices& services, const Asked& asked) {
    PH_TRY(auto domains, asked_domains(services.store, asked.domain));
    PH_TRY(const auto keys, accounts::DkimKeys(services.store).list(asked.domain));
    JsonWriter out;
    out.begin_object().key("domains").begin_array();
    for (const auto& domain : domains) write_domain(out, services, asked, domain, keys);
    out.end_array().end_object();
    return HttpResponse::json(std::move(out).take());
}

runtime::Task<HttpResponse> show_records(Services services, Result<Asked> asked) {
    if (!asked) co_return HttpResponse::error(asked.error());
    auto job = [services, asked = std::move(*asked)] { return show(*services, asked); };
    auto response = co_await runtime::offload(services->blocking, std::move(job),
                                              Deadline::after(kAdminDeadline));
    if (!response) co_return HttpResponse::error(response.error());
    co_return std::move(*response);
}

}  // namespace

void add_dns_resources(Router& router, const Services& services) {
    router.add("GET", "/v1/dns", [services](const HttpRequest& request, const PathValues&) {
        return show_records(services, read_query(request));
    });
}

}  // namespace posthaste::web
