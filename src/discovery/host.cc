#include "discovery/host.h"

#include "base/ascii.h"

#include <algorithm>
#include <utility>

namespace posthaste::discovery {
namespace {

constexpr std::pair<std::string_view, Site> kPrefixes[] = {
    {"autodiscover.", Site::autodiscover},
    {"autoconfig.", Site::autoconfig},
    {"ua-auto-config.", Site::ua_auto_config},
};

// False when what stands behind the last colon is no port.
bool take_port(std::string_view& host) {
    const std::size_t colon = host.rfind(':');
    if (colon == std::string_view::npos || host.ends_with(']')) return true;
    const std::string_view port = host.substr(colon + 1);
    if (port.size() > 5 || !std::ranges::all_of(port, ascii::is_digit)) return false;
    host = host.substr(0, colon);
    return true;
}

}  // namespace

std::optional<AskedHost> read_host(std::string_view host) {
    if (host.size() > 300 || !take_port(host)) return {};
    const auto name = mail::Domain::parse(host);
    if (!name || name->is_literal()) return {};
    for (const auto& [prefix, site] : kPrefixes) {
        if (!name->ascii().starts_with(prefix)) continue;
        auto domain = mail::Domain::parse(name->ascii().substr(prefix.size()));
        if (domain) return AskedHost{site, std::move(*domain)};
    }
    return AskedHost{Site::plain, *name};
}

std::vector<std::string> certificate_names(const MailSettings& settings) {
    std::vector<std::string> names;
    const auto add = [&names](std::string name) {
        if (!name.empty() && std::ranges::find(names, name) == names.end())
            names.push_back(std::move(name));
    };
    add(settings.host);
    const HttpsSite https = https_site(settings.https_base);
    add(https.host);
    if (https.host.empty() || settings.domain.is_literal()) return names;
    for (const auto& [prefix, site] : kPrefixes) add(std::string(prefix) + settings.domain.ascii());
    return names;
}

}  // namespace posthaste::discovery
