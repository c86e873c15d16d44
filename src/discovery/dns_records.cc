#include "discovery/dns_records.h"

#include "base/ip.h"
#include "discovery/pacc.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::discovery {
namespace {

bool is_inside(std::string_view name, std::string_view zone) {
    return name == zone || (name.size() > zone.size() && name.ends_with(zone) &&
                            name[name.size() - zone.size() - 1] == '.');
}

// Collects the records of one domain.
class Collector {
  public:
    Collector(const MailSettings& settings, const DnsExtras& extras)
        : settings_(settings),
          extras_(extras),
          domain_(settings.domain.ascii()),
          https_(https_site(settings.https_base)) {}

    std::vector<DnsRecord> collect() {
        add_addresses(settings_.host);
        if (https_.host != settings_.host) add_addresses(https_.host);
        add_names();
        add_set_up();
        add_services();
        add_sending();
        add_bounces();
        return std::move(records_);
    }

  private:
    std::string under(std::string_view label) const { return fmt::format("{}.{}", label, domain_); }

    void add_txt(std::string name, std::string value, std::string_view note) {
        records_.push_back({.name = std::move(name), .value = std::move(value), .note = note});
    }

    void add_cname(std::string_view label) {
        std::string name = under(label);
        // Nothing can be an alias of itself, nor have other records beside an alias.
        if (name == https_.host || name == settings_.host) return;
        records_.push_back({.name = std::move(name),
                            .type = RecordType::cname,
                            .value = https_.host,
                            .note = "dns.note.set_up"});
    }

    void add_addresses(const std::string& host) {
        if (host.empty() || !is_inside(host, domain_)) return;
        for (const std::string& address : extras_.addresses) {
            const bool v6 = address.find(':') != std::string::npos;
            records_.push_back({.name = host,
                                .type = v6 ? RecordType::aaaa : RecordType::a,
                                .value = address,
                                .note = "dns.note.host"});
        }
    }

    void add_names() {
        for (const std::string& name : extras_.names) {
            if (name == settings_.host || name == https_.host || !is_inside(name, domain_))
                continue;
            // Nothing stands beside an alias: neither the domain's own records nor the MX of
            // bounces. The names of setting up come below.
            if (name == domain_ || name == extras_.bounce_domain) continue;
            if (name == under("autodiscover") || name == under("autoconfig") ||
                name == under("ua-auto-config"))
                continue;
            records_.push_back({.name = name,
                                .type = RecordType::cname,
                                .value = settings_.host,
                                .note = "dns.note.names"});
        }
    }

    // RFC 2782; port 0: the service is decidedly not offered, its target is the root.
    void add_srv(std::string_view service, std::uint16_t port, std::string_view host,
                 std::uint16_t priority = 0) {
        // A target is a name (RFC 2782): for an address there is no record.
        if (port != 0 && IpAddress::parse(host)) return;
        DnsRecord record{.name = under(service), .type = RecordType::srv, .note = "dns.note.srv"};
        if (port != 0) {
            record.value = host;
            record.priority = priority;
            record.weight = 1;
            record.port = port;
        }
        records_.push_back(std::move(record));
    }

    void add_set_up() {
        if (https_.host.empty()) return;
        add_cname("autodiscover");
        records_.push_back({.name = under("_autodiscover._tcp"),
                            .type = RecordType::srv,
                            .value = https_.host,
                            .port = https_.port,
                            .note = "dns.note.set_up"});
        add_cname("autoconfig");
        if (!has_pacc(settings_)) return;
        add_cname("ua-auto-config");
        const std::string digest = pacc_digest(make_pacc(settings_));
        const std::string name = under("_ua-auto-config");
        add_txt(name, pacc_txt(digest), "dns.note.set_up");
        for (const std::string& former : extras_.former_pacc_digests) {
            if (former != digest) add_txt(name, pacc_txt(former), "dns.note.set_up");
        }
    }

    // RFC 6186, RFC 8314 §5.1. Of the incoming server only what is known is said.
    void add_services() {
        add_srv("_submissions._tcp", settings_.tls_port, settings_.host);
        add_srv("_submission._tcp", settings_.starttls_port, settings_.host, 1);
        for (const IncomingServer& one : settings_.incoming) {
            const bool imap = one.kind == IncomingKind::imap;
            const bool implicit = one.security == Security::implicit_tls;
            const std::string_view service = imap ? (implicit ? "_imaps._tcp" : "_imap._tcp")
                                                  : (implicit ? "_pop3s._tcp" : "_pop3._tcp");
            add_srv(service, one.port, one.host);
        }
    }

    void add_sending() {
        std::string spf = fmt::format("v=spf1 a:{}", settings_.host);
        for (const std::string& include : extras_.spf_includes)
            spf += fmt::format(" include:{}", include);
        add_txt(domain_, spf + " ~all", "dns.note.spf");
        for (const DkimKey& key : extras_.dkim)
            add_txt(under(key.selector + "._domainkey"), key.record, "dns.note.dkim");
        // No pct: the revision of DMARC drops it, and it never did what people took it for.
        std::string dmarc = "v=DMARC1; p=none";
        if (!extras_.report_to.empty()) dmarc += "; rua=mailto:" + extras_.report_to;
        add_txt(under("_dmarc"), std::move(dmarc), "dns.note.dmarc");
    }

    // What returns finds the way, and what leaves under that domain comes from where it may.
    void add_bounces() {
        const std::string& domain = extras_.bounce_domain;
        if (domain.empty() || !is_inside(domain, domain_)) return;
        records_.push_back({.name = domain,
                            .type = RecordType::mx,
                            .value = settings_.host,
                            .priority = 10,
                            .note = "dns.note.bounces"});
        std::string spf = fmt::format("v=spf1 a:{}", settings_.host);
        for (const std::string& include : extras_.spf_includes)
            spf += fmt::format(" include:{}", include);
        if (domain != domain_) add_txt(domain, spf + " ~all", "dns.note.bounces");
    }

    const MailSettings& settings_;
    const DnsExtras& extras_;
    std::string domain_;
    HttpsSite https_;
    std::vector<DnsRecord> records_;
};

// RFC 1035 §5.1: whatever a zone file could take for something else is written in digits.
std::string zone_escaped(std::string_view text, std::string_view also_plain) {
    std::string out;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        const bool letter =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (letter || also_plain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += fmt::format("\\{:03}", octet);
        }
    }
    return out;
}

std::string zone_name(std::string_view name) {
    return zone_escaped(name, "-._") + ".";
}

std::string zone_text(std::string_view text) {
    constexpr std::size_t kMaxString = 255;  // octets of a character-string
    std::string out;
    do {
        if (!out.empty()) out += ' ';
        out +=
            '"' + zone_escaped(text.substr(0, kMaxString), " !#$%&'()*+,-./:;<=>?@[]^_`{|}~") + '"';
        text.remove_prefix(std::min(text.size(), kMaxString));
    } while (!text.empty());
    return out;
}

std::string zone_value(const DnsRecord& record) {
    switch (record.type) {
        case RecordType::a:
        case RecordType::aaaa:
            return zone_escaped(record.value, ".:");
        case RecordType::cname:
            return zone_name(record.value);
        case RecordType::mx:
            return fmt::format("{} {}", record.priority, zone_name(record.value));
        case RecordType::srv:
            return fmt::format("{} {} {} {}", record.priority, record.weight, record.port,
                               zone_name(record.value));
        case RecordType::txt:
            break;
    }
    return zone_text(record.value);
}

std::string relative(std::string_view name, std::string_view zone) {
    if (name == zone) return "@";
    if (!is_inside(name, zone)) return std::string(name);
    return std::string(name.substr(0, name.size() - zone.size() - 1));
}

std::string pad(std::string_view text, std::size_t width) {
    return fmt::format("{:<{}}  ", text, width);
}

}  // namespace

std::string_view to_string(RecordType type) {
    switch (type) {
        case RecordType::a:
            return "A";
        case RecordType::aaaa:
            return "AAAA";
        case RecordType::cname:
            return "CNAME";
        case RecordType::mx:
            return "MX";
        case RecordType::srv:
            return "SRV";
        case RecordType::txt:
            break;
    }
    return "TXT";
}

bool has_host(const MailSettings& settings) {
    return !settings.host.empty() && !settings.domain.is_literal() &&
           is_inside(settings.host, settings.domain.ascii());
}

std::vector<std::string> guessed_names(const MailSettings& settings,
                                       std::span<const std::string> names) {
    std::vector<std::string> missing;
    if (!has_host(settings)) return missing;
    for (const std::string_view label : {"smtp", "mail"}) {
        auto name = fmt::format("{}.{}", label, settings.domain.ascii());
        if (name != settings.host && std::ranges::find(names, name) == names.end())
            missing.push_back(std::move(name));
    }
    return missing;
}

std::vector<DnsRecord> dns_records(const MailSettings& settings, const DnsExtras& extras) {
    if (settings.domain.is_literal()) return {};
    return Collector(settings, extras).collect();
}

std::string zone_file(std::span<const DnsRecord> records, Language language) {
    std::size_t width = 0;
    for (const DnsRecord& one : records) width = std::max(width, zone_name(one.name).size());
    std::string out;
    std::string_view group;
    for (const DnsRecord& one : records) {
        if (one.note != group) {
            out += fmt::format("{}; {}\n", out.empty() ? "" : "\n", text(language, one.note));
            group = one.note;
        }
        out += pad(zone_name(one.name), width);
        out += fmt::format("{:<5}  {}\n", to_string(one.type), zone_value(one));
    }
    return out;
}

std::vector<FormRow> form_rows(std::span<const DnsRecord> records, const mail::Domain& zone) {
    std::vector<FormRow> rows;
    for (const DnsRecord& one : records) {
        FormRow row{.name = relative(one.name, zone.ascii()),
                    .type = to_string(one.type),
                    .value = one.value,
                    .note = one.note};
        if (one.type == RecordType::mx) row.priority = std::to_string(one.priority);
        if (one.type == RecordType::srv) {
            row.priority = std::to_string(one.priority);
            row.weight = std::to_string(one.weight);
            row.port = std::to_string(one.port);
            if (row.value.empty()) row.value = ".";
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string form_table(std::span<const FormRow> rows, Language language) {
    const std::string_view heads[] = {
        text(language, "dns.column.name"),     text(language, "dns.column.type"),
        text(language, "dns.column.priority"), text(language, "dns.column.weight"),
        text(language, "dns.column.port"),     text(language, "dns.column.value")};
    std::vector<std::vector<std::string>> lines;
    lines.emplace_back(std::begin(heads), std::end(heads));
    for (const FormRow& row : rows)
        lines.push_back(
            {row.name, std::string(row.type), row.priority, row.weight, row.port, row.value});
    std::size_t widths[std::size(heads)] = {};
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i)
            widths[i] = std::max(widths[i], line[i].size());
    }
    std::string out;
    for (const auto& line : lines) {
        for (std::size_t i = 0; i + 1 < line.size(); ++i) out += pad(line[i], widths[i]);
        out += line.back() + "\n";
    }
    return out;
}

}  // namespace posthaste::discovery
