#include "discovery/autodiscover.h"

#include "base/ascii.h"
#include "formats/json.h"
#include "formats/xml.h"

#include <utility>

#include <fmt/format.h>

namespace posthaste::discovery {
namespace {

using formats::XmlElement;

constexpr std::string_view kHead =
    R"(<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
)";

constexpr std::string_view kAccount =
    R"(  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <User><DisplayName>{address}</DisplayName></User>
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
)";

// LoginName, SPA, SSL and AuthRequired are said because Outlook's own defaults for them are wrong
// here: the local part alone, NTLM, and no reuse of the incoming password (clients.md 1.5).
// Encryption: SSL is TLS from the first octet and TLS is STARTTLS, whatever the words suggest.
constexpr std::string_view kProtocol =
    R"(      <Protocol>
        <Type>{type}</Type>
        <TTL>24</TTL>
        <Server>{server}</Server>
        <Port>{port}</Port>
        <LoginName>{address}</LoginName>
        <DomainRequired>off</DomainRequired>
        <SPA>off</SPA>
        <SSL>on</SSL>
        <Encryption>{encryption}</Encryption>
        <AuthRequired>on</AuthRequired>
)";

constexpr std::string_view kOnlySmtp =
    R"(        <UsePOPAuth>on</UsePOPAuth>
        <SMTPLast>off</SMTPLast>
)";

constexpr std::string_view kProtocolEnd = "      </Protocol>\n";

constexpr std::string_view kAccountEnd =
    R"(    </Account>
  </Response>
</Autodiscover>
)";

constexpr std::string_view kError =
    R"(  <Response>
    <Error Time="{time}" Id="{id}">
      <ErrorCode>{code}</ErrorCode><Message>{message}</Message><DebugData/>
    </Error>
  </Response>
</Autodiscover>
)";

struct Protocol {
    std::string_view type;
    std::string_view server;
    std::uint16_t port = 0;
    Security security = Security::implicit_tls;
};

std::string protocol_xml(const Protocol& protocol, std::string_view address) {
    return formats::fill_xml(
        kProtocol, {{"type", protocol.type},
                    {"server", protocol.server},
                    {"port", std::to_string(protocol.port)},
                    {"address", address},
                    {"encryption", protocol.security == Security::implicit_tls ? "SSL" : "TLS"}});
}

std::string_view message(PoxError code) {
    switch (code) {
        case PoxError::no_such_address:
            return "The e-mail address cannot be found.";
        case PoxError::bad_address:
            return "The e-mail address is not valid.";
        case PoxError::invalid_request:
            return "Invalid Request";
        case PoxError::no_such_schema:
            return "The requested schema is not provided.";
        case PoxError::misconfigured:
            return "The address is known, but its configuration has errors.";
        case PoxError::server_failed:
            break;
    }
    return "The server failed.";
}

// "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a" in any letter
// case; some pages print https: and are copied (clients.md 1.3).
bool is_outlook_schema(std::string_view schema) {
    std::string name = ascii::to_lower(ascii::trim(schema));
    if (name.starts_with("https:")) name.erase(4, 1);
    if (name.ends_with("/")) name.pop_back();
    constexpr std::string_view kBase =
        "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/";
    if (!name.starts_with(kBase)) return false;
    const std::string version = name.substr(kBase.size());
    return version == "2006" || version == "2006a";
}

// A caller without AcceptableResponseSchema takes what we have, unless its own namespace says that
// it is no Outlook.
bool accepts_our_schema(const XmlElement& root, const XmlElement& request) {
    bool named = false;
    for (const XmlElement& child : request.children) {
        if (!ascii::equals_ignore_case(child.name, "AcceptableResponseSchema")) continue;
        if (is_outlook_schema(child.text)) return true;
        named = named || !child.text.empty();
    }
    const std::string space = ascii::to_lower(root.attribute("xmlns"));
    return !named && space.find("/mobilesync/") == std::string::npos;
}

}  // namespace

std::expected<PoxRequest, PoxError> parse_pox_request(std::string_view body) {
    const auto root = formats::parse_xml(body, {.max_octets = kMaxPoxRequest, .max_elements = 64});
    if (!root || !ascii::equals_ignore_case(root->name, "Autodiscover"))
        return std::unexpected(PoxError::invalid_request);
    const XmlElement* request = root->child("Request");
    if (request == nullptr) return std::unexpected(PoxError::invalid_request);
    const XmlElement* address = request->child("EMailAddress");
    const bool has_address = address != nullptr && !address->text.empty();
    if (!has_address && request->child("LegacyDN") == nullptr)
        return std::unexpected(PoxError::invalid_request);
    if (!accepts_our_schema(*root, *request)) return std::unexpected(PoxError::no_such_schema);
    if (!has_address) return std::unexpected(PoxError::no_such_address);
    auto mailbox = mail::Mailbox::parse(address->text);
    if (!mailbox) return std::unexpected(PoxError::bad_address);
    return PoxRequest{std::move(*mailbox)};
}

std::string make_pox_response(const MailSettings& settings, const mail::Mailbox& address) {
    const std::string user = address.to_string();
    std::string xml(kHead);
    xml += formats::fill_xml(kAccount, {{"address", user}});
    // The first of a kind is the one that is used (clients.md 1.4): give no other.
    for (const IncomingKind kind : {IncomingKind::imap, IncomingKind::pop3}) {
        const IncomingServer* server = find_incoming(settings, kind);
        if (server == nullptr) continue;
        const std::string_view type = kind == IncomingKind::imap ? "IMAP" : "POP3";
        xml += protocol_xml({type, server->host, server->port, server->security}, user);
        xml += kProtocolEnd;
    }
    const auto ports = submission_ports(settings);
    if (!ports.empty()) {
        xml += protocol_xml({"SMTP", settings.host, ports[0].port, ports[0].security}, user);
        xml += kOnlySmtp;
        xml += kProtocolEnd;
    }
    xml += kAccountEnd;
    return xml;
}

std::string make_pox_error(PoxError code, PoxStamp stamp) {
    const auto since_midnight = stamp.time - std::chrono::floor<std::chrono::days>(stamp.time);
    const std::chrono::hh_mm_ss clock(since_midnight);
    const std::string time =
        fmt::format("{:02}:{:02}:{:02}.{:06}", clock.hours().count(), clock.minutes().count(),
                    clock.seconds().count(), clock.subseconds().count());
    return std::string(kHead) +
           formats::fill_xml(kError, {{"time", time},
                                      {"id", std::to_string(stamp.id)},
                                      {"code", std::to_string(static_cast<unsigned>(code))},
                                      {"message", message(code)}});
}

std::string answer_pox(std::string_view body, const FindSettings& find, PoxStamp stamp) {
    const auto request = parse_pox_request(body);
    if (!request) return make_pox_error(request.error(), stamp);
    const auto settings = find(request->address.domain());
    if (!settings) return make_pox_error(PoxError::no_such_address, stamp);
    if (submission_ports(*settings).empty()) return make_pox_error(PoxError::misconfigured, stamp);
    return make_pox_response(*settings, request->address);
}

JsonAnswer answer_autodiscover_json(std::optional<std::string_view> protocol,
                                    std::string_view https_base) {
    formats::JsonWriter json;
    json.begin_object();
    if (protocol && ascii::equals_ignore_case(*protocol, "AutodiscoverV1")) {
        json.member("Protocol", "AutodiscoverV1")
            .member("Url", fmt::format("{}/autodiscover/autodiscover.xml", https_base))
            .end_object();
        return {200, std::move(json).take()};
    }
    if (!protocol || protocol->empty()) {
        json.member("ErrorCode", "MandatoryParameterMissing")
            .member("ErrorMessage", "A value is needed for the query parameter 'Protocol'.")
            .end_object();
        return {400, std::move(json).take()};
    }
    std::string echoed;
    for (const char c : protocol->substr(0, 40)) {
        if (ascii::is_alnum(c)) echoed += c;
    }
    json.member("ErrorCode", "InvalidProtocol")
        .member("ErrorMessage",
                fmt::format("The given protocol value '{}' is invalid. Supported values are "
                            "'AutodiscoverV1'",
                            echoed))
        .end_object();
    return {400, std::move(json).take()};
}

}  // namespace posthaste::discovery
