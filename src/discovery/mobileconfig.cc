#include "discovery/mobileconfig.h"

#include "base/ascii.h"
#include "discovery/uuid.h"
#include "formats/url.h"
#include "formats/xml.h"

#include <fmt/format.h>

namespace posthaste::discovery {
namespace {

constexpr std::string_view kExtension = ".mobileconfig";

constexpr std::string_view kHead =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>EmailAccountDescription</key>
			<string>{address}</string>
)";

constexpr std::string_view kName =
    R"(			<key>EmailAccountName</key>
			<string>{name}</string>
)";

// OutgoingMailServerPortNumber and UseSSL are said because devices would else try 25 first, and
// without encryption (clients.md 2.5).
constexpr std::string_view kAccount =
    R"(			<key>EmailAccountType</key>
			<string>{type}</string>
			<key>EmailAddress</key>
			<string>{address}</string>
			<key>IncomingMailServerAuthentication</key>
			<string>EmailAuthPassword</string>
			<key>IncomingMailServerHostName</key>
			<string>{in_host}</string>
			<key>IncomingMailServerPortNumber</key>
			<integer>{in_port}</integer>
			<key>IncomingMailServerUseSSL</key>
			<true/>
			<key>IncomingMailServerUsername</key>
			<string>{address}</string>
			<key>OutgoingMailServerAuthentication</key>
			<string>EmailAuthPassword</string>
			<key>OutgoingMailServerHostName</key>
			<string>{out_host}</string>
			<key>OutgoingMailServerPortNumber</key>
			<integer>{out_port}</integer>
			<key>OutgoingMailServerUseSSL</key>
			<true/>
			<key>OutgoingMailServerUsername</key>
			<string>{address}</string>
			<key>OutgoingPasswordSameAsIncomingPassword</key>
			<true/>
			<key>PayloadDescription</key>
			<string>{description}</string>
			<key>PayloadDisplayName</key>
			<string>{address}</string>
			<key>PayloadIdentifier</key>
			<string>{identifier}.account</string>
			<key>PayloadType</key>
			<string>com.apple.mail.managed</string>
			<key>PayloadUUID</key>
			<string>{account_uuid}</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
		</dict>
	</array>
)";

constexpr std::string_view kProfile =
    R"(	<key>PayloadDescription</key>
	<string>{description}</string>
	<key>PayloadDisplayName</key>
	<string>{title}</string>
	<key>PayloadIdentifier</key>
	<string>{identifier}</string>
	<key>PayloadOrganization</key>
	<string>{organization}</string>
	<key>PayloadRemovalDisallowed</key>
	<false/>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>{profile_uuid}</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
)";

// "com.example" for example.com.
std::string reversed(std::string_view domain) {
    std::string out;
    while (true) {
        const std::size_t dot = domain.rfind('.');
        if (!out.empty()) out += '.';
        out += domain.substr(dot == std::string_view::npos ? 0 : dot + 1);
        if (dot == std::string_view::npos) return out;
        domain = domain.substr(0, dot);
    }
}

}  // namespace

Result<std::string> make_mobileconfig(const MailSettings& settings, const ProfileOwner& owner) {
    const auto ports = submission_ports(settings);
    if (settings.incoming.empty() || ports.empty())
        return fail(ErrorKind::unsupported,
                    "a profile for Apple Mail needs an incoming and an outgoing server",
                    "name the IMAP server in the [incoming] part of the configuration");
    const IncomingServer& in = settings.incoming.front();
    const std::string address = owner.address.to_string();
    // Not of host names: those change, and a new UUID would make a second account on the device.
    const Uuid domain = name_uuid(kDnsNamespace, owner.address.domain().ascii());
    const std::string key = owner.address.key();
    const std::string profile = to_string(name_uuid(domain, "profile:" + key));
    const std::string account = to_string(name_uuid(domain, "account:" + key));
    const std::string identifier =
        fmt::format("{}.mail.{}", reversed(owner.address.domain().ascii()), profile);
    const std::string description =
        fill_text(text(owner.language, "apple.profile.description"), {{"name", settings.name}});
    const std::string title =
        fill_text(text(owner.language, "apple.profile.title"), {{"address", address}});

    std::string xml = formats::fill_xml(kHead, {{"address", address}});
    if (!owner.name.empty()) xml += formats::fill_xml(kName, {{"name", owner.name}});
    const bool imap = in.kind == IncomingKind::imap;
    xml += formats::fill_xml(kAccount, {{"type", imap ? "EmailTypeIMAP" : "EmailTypePOP"},
                                        {"address", address},
                                        {"in_host", in.host},
                                        {"in_port", std::to_string(in.port)},
                                        {"out_host", settings.host},
                                        {"out_port", std::to_string(ports[0].port)},
                                        {"description", description},
                                        {"identifier", identifier},
                                        {"account_uuid", account}});
    xml += formats::fill_xml(kProfile, {{"description", description},
                                        {"title", title},
                                        {"identifier", identifier},
                                        {"organization", settings.name},
                                        {"profile_uuid", profile}});
    return xml;
}

std::string mobileconfig_url(const MailSettings& settings, const mail::Mailbox& address) {
    return fmt::format("{}/m/{}{}", settings.https_base,
                       formats::percent_encode(address.to_string()), kExtension);
}

std::optional<mail::Mailbox> read_mobileconfig_name(std::string_view name) {
    if (!name.ends_with(kExtension) || name.size() > 1024) return {};
    name.remove_suffix(kExtension.size());
    const auto address = formats::percent_decode(name);
    if (!address) return {};
    auto mailbox = mail::Mailbox::parse(*address);
    if (!mailbox) return {};
    return std::move(*mailbox);
}

std::string mobileconfig_file_name(const mail::Mailbox& address) {
    std::string name = address.to_string();
    for (char& c : name) {
        const bool plain = ascii::is_alnum(c) || c == '.' || c == '@' || c == '-';
        if (!plain) c = '_';
    }
    // A dot in front would hide the file.
    if (name.front() == '.') name.front() = '_';
    return name + std::string(kExtension);
}

}  // namespace posthaste::discovery
