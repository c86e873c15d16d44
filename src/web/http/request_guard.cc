#include "web/http/request_guard.h"

#include "base/ascii.h"
#include "base/ip.h"

#include <algorithm>

namespace posthaste::web {

namespace {

bool is_port(std::string_view text) {
    return text.size() <= 5 && std::ranges::all_of(text, ascii::is_digit);
}

// "Host" without the port, in lower case; nothing when it is no host.
std::optional<std::string> host_of(std::string_view field) {
    if (field.starts_with('[')) {
        const std::size_t end = field.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view rest = field.substr(end + 1);
        if (!rest.empty() && (!rest.starts_with(':') || !is_port(rest.substr(1))))
            return std::nullopt;
        return ascii::to_lower(field.substr(0, end + 1));
    }
    const std::size_t colon = std::min(field.find(':'), field.size());
    if (colon < field.size() && !is_port(field.substr(colon + 1))) return std::nullopt;
    auto host = ascii::to_lower(field.substr(0, colon));
    if (host.ends_with('.')) host.pop_back();
    const bool plain = std::ranges::all_of(
        host, [](char c) { return ascii::is_alnum(c) || c == '.' || c == '-' || c == '_'; });
    if (host.empty() || !plain) return std::nullopt;
    return host;
}

bool is_address(std::string_view host) {
    if (host.starts_with('[')) return IpAddress::parse(host.substr(1, host.size() - 2)).has_value();
    return IpAddress::parse(host).has_value();
}

bool is_unownable(std::string_view host) {
    return is_address(host) || host.find('.') == std::string_view::npos ||
           host.ends_with(".localhost");
}

}  // namespace

std::optional<Error> refuse_host(const HttpRequest& request,
                                 const std::vector<std::string>& own_names) {
    const auto host = host_of(request.header("Host"));
    const auto is_own = [&](const std::string& name) {
        return ascii::equals_ignore_case(name, *host);
    };
    if (host && (is_unownable(*host) || std::ranges::any_of(own_names, is_own)))
        return std::nullopt;
    return Error{ErrorKind::denied, "this address is not served under that name",
                 "open it by its IP address or as http://localhost"};
}

std::optional<Error> refuse_origin(const HttpRequest& request) {
    if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
    Error refusal{ErrorKind::denied, "a page of another site may not change anything here",
                  "open the page itself and press the button there"};
    const std::string_view site = request.header("Sec-Fetch-Site");
    if (site == "same-origin" || site == "none") return std::nullopt;
    if (!site.empty()) return refusal;
    const std::string_view origin = request.header("Origin");
    if (origin.empty()) return std::nullopt;
    const std::size_t scheme = origin.find("://");
    if (scheme != std::string_view::npos &&
        ascii::equals_ignore_case(origin.substr(scheme + 3), request.header("Host")))
        return std::nullopt;
    return refusal;
}

}  // namespace posthaste::web
