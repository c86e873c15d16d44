#include "app/services/legacy_port.h"

#include "app/layer_options.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::app {

submission::PortProfile legacy_profile(const Settings& settings) {
    submission::PortProfile profile;
    profile.legacy = true;
    profile.allow = settings.legacy.allow;
    if (is_implicit_tls_port(settings.legacy.listen->port))
        profile.habit = net::PortHabit::implicit_tls;
    return profile;
}

Result<std::shared_ptr<net::TlsServerContext>> legacy_tls(
    std::vector<net::CertificateFiles> certificates) {
    net::TlsServerContext::Options options;
    options.certificates = std::move(certificates);
    options.old_devices = true;
    return net::TlsServerContext::make(std::move(options));
}

bool has_rsa(const net::TlsServerContext& context) {
    return std::ranges::any_of(context.certificates(), &net::TlsServerContext::Certificate::rsa);
}

void announce_legacy(const Settings& settings, const net::TlsServerContext& context, Log& log) {
    std::vector<std::string> networks;
    for (const auto& network : settings.legacy.allow) networks.push_back(network.to_string());
    log.warning("legacy.open",
                {{"listen", settings.legacy.listen->to_string()},
                 {"allow", fmt::format("{}", fmt::join(networks, " "))},
                 {"why", "TLS 1.0 and 1.1 are spoken there; who is on the way can read passwords"},
                 {"mend", "leave [legacy] out once the last old device is gone"}});
    if (!has_rsa(context))
        log.warning("legacy.no_rsa_certificate",
                    {{"why", "most devices of that age know RSA certificates alone"},
                     {"mend", "add an RSA certificate to [tls] cert_file and key_file"}});
}

}  // namespace posthaste::app
