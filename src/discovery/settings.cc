#include "discovery/settings.h"

#include <charconv>

namespace posthaste::discovery {

Security usual_security(IncomingKind kind, std::uint16_t port) {
    const std::uint16_t plain = kind == IncomingKind::imap ? 143 : 110;
    return port == plain ? Security::starttls : Security::implicit_tls;
}

std::vector<SubmissionPort> submission_ports(const MailSettings& settings) {
    std::vector<SubmissionPort> ports;
    if (settings.tls_port != 0) ports.push_back({settings.tls_port, Security::implicit_tls});
    if (settings.starttls_port != 0) ports.push_back({settings.starttls_port, Security::starttls});
    return ports;
}

const IncomingServer* find_incoming(const MailSettings& settings, IncomingKind kind) {
    for (const IncomingServer& one : settings.incoming) {
        if (one.kind == kind) return &one;
    }
    return nullptr;
}

HttpsSite https_site(std::string_view https_base) {
    constexpr std::string_view kScheme = "https://";
    if (!https_base.starts_with(kScheme)) return {};
    https_base.remove_prefix(kScheme.size());
    https_base = https_base.substr(0, https_base.find('/'));
    HttpsSite site;
    const std::size_t colon = https_base.rfind(':');
    if (colon != std::string_view::npos && https_base.find(']', colon) == std::string_view::npos) {
        const std::string_view port = https_base.substr(colon + 1);
        std::from_chars(port.data(), port.data() + port.size(), site.port);
        https_base = https_base.substr(0, colon);
    }
    site.host = https_base;
    return site;
}

}  // namespace posthaste::discovery
