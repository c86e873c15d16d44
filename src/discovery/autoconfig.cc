#include "discovery/autoconfig.h"

#include "formats/xml.h"

#include <fmt/format.h>

namespace posthaste::discovery {
namespace {

constexpr std::string_view kHead =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="{domain}">
    <domain>{domain}</domain>
    <displayName>{name}</displayName>
    <displayShortName>{short_name}</displayShortName>
)";

// password-cleartext is the method inside TLS; password-encrypted would mean CRAM-MD5, which is not
// offered (clients.md 2.2).
constexpr std::string_view kServer =
    R"(    <{element} type="{type}">
      <hostname>{host}</hostname><port>{port}</port><socketType>{security}</socketType>
      <authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username>
    </{element}>
)";

constexpr std::string_view kHelp =
    R"(    <documentation url="{url}"><descr lang="en">Settings</descr><descr lang="de">Einstellungen</descr></documentation>
)";

constexpr std::string_view kEnd =
    R"(  </emailProvider>
</clientConfig>
)";

struct Server {
    std::string_view element;
    std::string_view type;
    std::string_view host;
    std::uint16_t port = 0;
    Security security = Security::implicit_tls;
};

std::string server_xml(const Server& server) {
    const bool implicit = server.security == Security::implicit_tls;
    return formats::fill_xml(kServer, {{"element", server.element},
                                       {"type", server.type},
                                       {"host", server.host},
                                       {"port", std::to_string(server.port)},
                                       {"security", implicit ? "SSL" : "STARTTLS"}});
}

}  // namespace

std::string make_autoconfig(const MailSettings& settings) {
    // The domain in its ASCII form: Thunderbird refuses other letters (clients.md 2.1).
    std::string xml = formats::fill_xml(kHead, {{"domain", settings.domain.ascii()},
                                                {"name", settings.name},
                                                {"short_name", settings.short_name}});
    for (const IncomingServer& one : settings.incoming) {
        const std::string_view type = one.kind == IncomingKind::imap ? "imap" : "pop3";
        xml += server_xml({"incomingServer", type, one.host, one.port, one.security});
    }
    for (const SubmissionPort& one : submission_ports(settings))
        xml += server_xml({"outgoingServer", "smtp", settings.host, one.port, one.security});
    if (!settings.https_base.empty())
        xml += formats::fill_xml(kHelp, {{"url", settings.https_base + "/setup"}});
    xml += kEnd;
    return xml;
}

}  // namespace posthaste::discovery
