// Every DNS record that sets clients up or lets mail arrive, as values, and printed two ways: as
// lines of a zone file, and as rows for the web form of a DNS provider.
#pragma once

#include "discovery/settings.h"
#include "discovery/texts.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::discovery {

struct DkimKey {
    std::string selector{};
    std::string record{};  // "v=DKIM1; k=rsa; p=…"
};

// What the records need beyond the settings; each part may be left out.
struct DnsExtras {
    std::vector<std::string> addresses{};  // of the host of sending: IPv4 and IPv6
    // Further names under which the certificate holds: what programs try by guessing.
    std::vector<std::string> names{};
    std::vector<DkimKey> dkim{};
    std::vector<std::string> spf_includes{};  // of the smarthost: "spf.provider.net"
    std::string report_to{};                  // mailbox for DMARC's daily reports
    std::string bounce_domain{};  // where mail comes back to; told of by the domain it lies in
    std::vector<std::string> former_pacc_digests{};  // still served, or still cached
};

enum class RecordType : std::uint8_t { a, aaaa, cname, mx, srv, txt };

struct DnsRecord {
    std::string name{};  // absolute, without the final dot
    RecordType type = RecordType::txt;
    std::string
        value{};  // an address, a host without final dot (empty: the root), or the whole text
    std::uint16_t priority = 0;  // SRV, as weight and port; MX: its preference
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
    std::string_view note{};  // key of a text that says what it is for
};

std::string_view to_string(RecordType type);

// Of smtp. and mail. below the domain, which programs try that find no settings: those under which
// the host does not stand. None where the host lies in another domain: its certificate would not
// do.
std::vector<std::string> guessed_names(const MailSettings& settings,
                                       std::span<const std::string> names);

// The host of sending lies in the domain, whose zone must then say where it is.
bool has_host(const MailSettings& settings);

// In the order in which they are best entered. None for an address literal.
std::vector<DnsRecord> dns_records(const MailSettings& settings, const DnsExtras& extras = {});

// Absolute names, columns aligned, a comment above each group (RFC 1035 §5.1). Texts over 255
// octets are split as the format wants.
std::string zone_file(std::span<const DnsRecord> records, Language language);

// What a provider's form asks for. Names are relative to the zone, "@" for the zone itself; hosts
// and texts stand as forms want them, without quotes and without final dot.
struct FormRow {
    std::string name{};
    std::string_view type{};
    std::string value{};
    std::string priority{};  // empty unless SRV, as weight and port, or MX
    std::string weight{};
    std::string port{};
    std::string_view note{};
};

std::vector<FormRow> form_rows(std::span<const DnsRecord> records, const mail::Domain& zone);

// The rows as a table for a terminal. Values are never cut: they are copied from there.
std::string form_table(std::span<const FormRow> rows, Language language);

}  // namespace posthaste::discovery
