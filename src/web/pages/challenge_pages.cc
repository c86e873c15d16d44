#include "web/pages/challenge_pages.h"

#include "base/ascii.h"
#include "base/ip.h"
#include "formats/url.h"

#include <algorithm>
#include <memory>

namespace posthaste::web {

namespace {

constexpr std::string_view kScheme = "https://";

// "autodiscover.example.com" of "Autodiscover.Example.com:80"; "" for what is no host name, which
// must not come into an address.
std::string host_of(std::string_view field) {
    auto name = ascii::to_lower(field.substr(0, field.find(':')));
    if (name.ends_with('.')) name.pop_back();
    const bool good = !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '.';
    });
    // An address has no certificate.
    return good && !IpAddress::parse(name) ? name : std::string();
}

runtime::Task<HttpResponse> answer_token(std::optional<std::string> text) {
    if (text) {
        auto response = HttpResponse::text(std::move(*text));
        response.content_type = "application/octet-stream";  // RFC 8555 §8.3
        co_return response;
    }
    co_return HttpResponse::error(
        {ErrorKind::not_found, "no certificate is being ordered with that token", {}});
}

// "mail.example.com" of "https://mail.example.com:8443/x".
std::string_view host_of_base(std::string_view base) {
    base.remove_prefix(std::min(kScheme.size(), base.size()));
    return base.substr(0, base.find_first_of(":/"));
}

runtime::Task<bool> is_ours(const ChallengeSite& site, std::string host) {
    if (host.empty() || !site.ours ||
        ascii::equals_ignore_case(host, host_of_base(site.https_base)))
        co_return true;
    auto asking = site.ours(std::move(host));
    co_return co_await std::move(asking);
}

runtime::Task<HttpResponse> send_to_https(const HttpRequest& request,
                                          std::shared_ptr<const ChallengeSite> site) {
    const std::string& base = site->https_base;
    if (base.empty())
        co_return HttpResponse::error(
            {ErrorKind::not_found, "only certificate authorities are answered here", {}});
    if (request.method != "GET" && request.method != "HEAD") {
        // What was to be posted has crossed the network in clear already; do not let it do so
        // again.
        auto response = HttpResponse::error(
            {ErrorKind::unsupported, "this is not for plain text", "use " + base});
        response.status = 403;
        co_return response;
    }
    auto host = host_of(request.header("Host"));
    auto asking = is_ours(*site, std::move(host));
    const bool ours = co_await std::move(asking);
    if (!ours)
        co_return HttpResponse::error(
            {ErrorKind::not_found, "no mail is served here under that name", "use " + base});
    auto response = HttpResponse::text("this is at https\n", 302);
    response.headers.emplace_back("Location", https_address(request, base));
    co_return response;
}

}  // namespace

std::string https_address(const HttpRequest& request, const std::string& https_base) {
    std::string address = https_base;
    if (auto host = host_of(request.header("Host")); !host.empty()) {
        const auto port = https_base.find(':', kScheme.size());
        address = std::string(kScheme) + host;
        if (port != std::string::npos) address += https_base.substr(port);
    }
    if (request.segments.empty()) address += '/';
    for (const auto& segment : request.segments) address += "/" + formats::percent_encode(segment);
    char mark = '?';
    for (const auto& [name, value] : request.query) {
        address += std::exchange(mark, '&') + formats::percent_encode(name) + "=" +
                   formats::percent_encode(value);
    }
    return address;
}

void add_challenge_pages(Router& router, ChallengeSite site) {
    const auto shared = std::make_shared<const ChallengeSite>(std::move(site));
    router.add("GET", "/.well-known/acme-challenge/{token}",
               [shared](const auto&, const auto& values) {
                   return answer_token(shared->text(values.at("token")));
               });
    router.otherwise(
        [shared](const auto& request, const auto&) { return send_to_https(request, shared); });
}

}  // namespace posthaste::web
