#include "web/setup/discovery_pages.h"

#include "base/ascii.h"
#include "base/random.h"
#include "discovery/autoconfig.h"
#include "discovery/autodiscover.h"
#include "discovery/host.h"
#include "discovery/pacc.h"

namespace posthaste::web {

namespace {

using discovery::MailSettings;
using runtime::Task;

using Services = std::shared_ptr<PublicServices>;

std::optional<MailSettings> find_settings(const Services& services,
                                          const ServedDomains::Names& names,
                                          const mail::Domain& domain) {
    if (!names.contains(domain.ascii())) return {};
    return settings_for(services->settings, domain);
}

// Programs differ in the letter case of these names.
std::optional<std::string_view> param(const HttpRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.query)
        if (ascii::equals_ignore_case(key, name)) return value;
    return {};
}

discovery::PoxStamp new_stamp() {
    using std::chrono::microseconds;
    return {std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now()),
            static_cast<std::uint32_t>(random_below(std::uint64_t{1} << 32))};
}

// Status 200 whatever is wrong: a 4xx ends the set-up of Outlook instead of making it try the next
// way (clients.md 1.1, 1.6).
Task<HttpResponse> pox(Services services, const HttpRequest& request) {
    auto names = co_await services->domains.get();
    const auto stamp = new_stamp();
    HttpResponse response{200, std::string(discovery::kPoxContentType), {}, {}};
    if (!names) {
        response.body = discovery::make_pox_error(discovery::PoxError::server_failed, stamp);
        co_return response;
    }
    const std::string_view body = request.method == "POST" ? request.body : std::string_view();
    const auto find = [&](const mail::Domain& domain) {
        return find_settings(services, **names, domain);
    };
    response.body = discovery::answer_pox(body, find, stamp);
    co_return response;
}

Task<HttpResponse> pox_json(Services services, const HttpRequest& request) {
    auto base = services->settings.https_base;
    // Behind a proxy that nobody told us of there is still the name that the certificate must hold.
    if (base.empty()) base = "https://" + services->settings.host;
    auto answer = discovery::answer_autodiscover_json(param(request, "Protocol"), base);
    co_return HttpResponse{
        answer.status, std::string(discovery::kJsonContentType), std::move(answer.body), {}};
}

HttpResponse not_served() {
    return HttpResponse::error({ErrorKind::not_found, "no settings are known for this domain here",
                                "ask whoever runs your mail for the names of the servers"});
}

// The address decides; without one the host, as autoconfig.<domain> or <domain>, or <domain> of the
// name that we are reached by: programs look below the name of an MX host too (clients.md 2.1).
std::optional<MailSettings> asked_settings(const Services& services,
                                           const ServedDomains::Names& names,
                                           const HttpRequest& request) {
    if (const auto address = param(request, "emailaddress"); address && !address->empty()) {
        const auto mailbox = mail::Mailbox::parse(*address);
        if (!mailbox) return {};
        return find_settings(services, names, mailbox->domain());
    }
    const auto host = discovery::read_host(request.header("Host"));
    if (!host) return {};
    if (auto found = find_settings(services, names, host->domain)) return found;
    if (host->domain.ascii() != services->settings.host) return {};
    const auto& name = services->settings.host;
    const auto parent = mail::Domain::parse(name.substr(std::min(name.find('.') + 1, name.size())));
    if (!parent) return {};
    return find_settings(services, names, *parent);
}

Task<HttpResponse> autoconfig(Services services, const HttpRequest& request) {
    auto names = co_await services->domains.get();
    if (!names) co_return HttpResponse::error(names.error());
    const auto settings = asked_settings(services, **names, request);
    if (!settings) co_return not_served();
    co_return HttpResponse{200,
                           std::string(discovery::kAutoconfigContentType),
                           discovery::make_autoconfig(*settings),
                           {}};
}

Task<HttpResponse> pacc(Services services, const HttpRequest& request) {
    auto names = co_await services->domains.get();
    if (!names) co_return HttpResponse::error(names.error());
    const auto host = discovery::read_host(request.header("Host"));
    const bool may = host && (host->site == discovery::Site::ua_auto_config ||
                              host->site == discovery::Site::plain);
    const auto settings = may ? find_settings(services, **names, host->domain) : std::nullopt;
    if (!settings || !discovery::has_pacc(*settings)) co_return not_served();
    co_return HttpResponse{
        200, std::string(discovery::kPaccContentType), discovery::make_pacc(*settings), {}};
}

}  // namespace

void add_discovery_pages(Router& router, const std::shared_ptr<PublicServices>& services) {
    const auto get_pox = [services](const HttpRequest& request, const PathValues&) {
        return pox(services, request);
    };
    for (const char* path : {"/autodiscover/autodiscover.xml", "/autodiscover.xml"}) {
        router.add_any_case("GET", path, get_pox);
        router.add_any_case("POST", path, get_pox);
    }
    for (const char* path :
         {"/autodiscover/autodiscover.json", "/autodiscover/autodiscover.json/v1.0/{address}"})
        router.add_any_case("GET", path, [services](const HttpRequest& request, const PathValues&) {
            return pox_json(services, request);
        });
    for (const char* path :
         {"/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"})
        router.add("GET", path, [services](const HttpRequest& request, const PathValues&) {
            return autoconfig(services, request);
        });
    router.add("GET", "/.well-known/user-agent-configuration.json",
               [services](const HttpRequest& request, const PathValues&) {
                   return pacc(services, request);
               });
}

}  // namespace posthaste::web
