// Autoconfig, PACC, DNS records, QR codes, host names: what needs no request.
#include "base/ip.h"
#include "discovery/autoconfig.h"
#include "discovery/dns_records.h"
#include "discovery/golden_testing.h"
#include "discovery/host.h"
#include "discovery/pacc.h"
#include "discovery/qr.h"
#include "formats/json.h"
#include "formats/xml.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace posthaste::discovery {
namespace {

TEST(Autoconfig, names_465_before_587) {
    expect_golden("autoconfig.xml", make_autoconfig(example_settings()));
}

TEST(Autoconfig, of_an_international_domain_with_hostile_names) {
    MailSettings settings = example_settings();
    settings.domain = mail::Domain::parse(
                          "b\xc3\xbc"
                          "cher.example")
                          .value();
    settings.name =
        "B\xc3\xbc"
        "cher & <Co>";
    settings.short_name = "\"x\"\x01";
    settings.https_base.clear();
    settings.incoming.push_back({IncomingKind::pop3, "pop.example.com", 110, Security::starttls});
    const auto root = formats::parse_xml(make_autoconfig(settings));
    ASSERT_TRUE(root) << root.error().text;
    const auto* provider = root->child("emailProvider");
    EXPECT_EQ(provider->attribute("id"), "xn--bcher-kva.example");
    EXPECT_EQ(provider->child("displayName")->text, settings.name);
    EXPECT_EQ(provider->child("documentation"), nullptr);
    EXPECT_EQ(provider->children.size(), 7U);
}

TEST(Pacc, test_vector_of_the_reference) {
    MailSettings settings = example_settings();
    settings.https_base.clear();
    const std::string document = make_pacc(settings);
    EXPECT_EQ(document,
              R"({"protocols":{"imap":{"host":"imap.example.com"},"smtp":{"host":)"
              R"("smtp.example.com"}},"authentication":{"password":true},"info":{"provider":)"
              R"({"name":"Example Mail","shortName":"Example"}}})");
    EXPECT_EQ(document.size(), 186U);
    EXPECT_EQ(pacc_txt(pacc_digest(document)),
              "v=UAAC1; a=sha256; d=B4KxzJ/30Qw5wUR9cQXwsanC2QupiXNG8mcu9fGg1Bs=");
}

TEST(Pacc, names_no_server_that_is_not_at_its_usual_port) {
    MailSettings settings = example_settings();
    settings.tls_port = 2465;
    settings.incoming = {{IncomingKind::imap, "a.example.com", 143, Security::starttls},
                         {IncomingKind::imap, "b.example.com", 993, Security::implicit_tls},
                         {IncomingKind::pop3, "c.example.com", 1995, Security::implicit_tls}};
    const auto json = formats::JsonValue::parse(make_pacc(settings));
    ASSERT_TRUE(json);
    const auto* protocols = json->find("protocols");
    EXPECT_EQ(protocols->members().size(), 1U);
    EXPECT_EQ(protocols->find("imap")->find("host")->as_string(), "b.example.com");
    EXPECT_EQ(json->find("info")->find("help")->find("documentation")->as_string(),
              "https://mail.example.com/setup");
}

TEST(Pacc, long_names_are_clipped_between_characters) {
    MailSettings settings = example_settings();
    settings.name = std::string(59, 'x') + "\xc3\xbc";
    settings.short_name = std::string(30, 'y');
    const auto json = formats::JsonValue::parse(make_pacc(settings));
    ASSERT_TRUE(json);
    const auto* provider = json->find("info")->find("provider");
    EXPECT_EQ(provider->find("name")->as_string(), std::string(59, 'x'));
    EXPECT_EQ(provider->find("shortName")->as_string(), std::string(20, 'y'));
}

DnsExtras full_extras() {
    DnsExtras extras;
    extras.addresses = {"192.0.2.1", "2001:db8::1"};
    extras.dkim = {{"s2026", "v=DKIM1; k=rsa; p=" + std::string(392, 'A')}};
    extras.spf_includes = {"spf.provider.net"};
    extras.report_to = "postmaster@example.com";
    extras.former_pacc_digests = {"B4KxzJ/30Qw5wUR9cQXwsanC2QupiXNG8mcu9fGg1Bs="};
    return extras;
}

TEST(DnsRecords, without_the_usual_port_there_is_no_half_pacc) {
    MailSettings settings = example_settings();
    EXPECT_TRUE(has_pacc(settings));
    for (const std::uint16_t port : {std::uint16_t{0}, std::uint16_t{2525}}) {
        settings.tls_port = port;
        EXPECT_FALSE(has_pacc(settings));
        for (const auto& record : dns_records(settings, full_extras()))
            EXPECT_EQ(record.name.find("ua-auto-config"), std::string::npos) << record.name;
    }
}

TEST(DnsRecords, no_service_record_points_to_an_address) {
    MailSettings settings = example_settings();
    settings.incoming = {{IncomingKind::imap, "192.0.2.9", 993, Security::implicit_tls},
                         {IncomingKind::pop3, "2001:db8::9", 995, Security::implicit_tls}};
    std::size_t services = 0;
    for (const auto& record : dns_records(settings)) {
        if (record.type != RecordType::srv) continue;
        ++services;
        EXPECT_FALSE(IpAddress::parse(record.value)) << record.name;
    }
    EXPECT_EQ(services, 3U);  // Autodiscover and the two of sending
}

TEST(DnsRecords, as_a_zone_file) {
    expect_golden("zone.txt", zone_file(dns_records(example_settings()), Language::en));
    MailSettings settings = example_settings();
    settings.incoming.push_back({IncomingKind::pop3, "pop.example.com", 110, Security::starttls});
    settings.starttls_port = 0;
    expect_golden("zone_full.txt", zone_file(dns_records(settings, full_extras()), Language::de));
}

TEST(DnsRecords, bounces_come_back_to_the_host_that_sends) {
    const auto settings = example_settings();
    DnsExtras extras;
    const auto count_mx = [&] {
        return std::ranges::count(dns_records(settings, extras), RecordType::mx, &DnsRecord::type);
    };
    EXPECT_EQ(count_mx(), 0);
    extras.bounce_domain = "bounce.elsewhere.example";
    EXPECT_EQ(count_mx(), 0);  // of another zone
    extras.bounce_domain = "bounce." + settings.domain.ascii();
    EXPECT_EQ(count_mx(), 1);
    const auto records = dns_records(settings, extras);
    const std::string zone = zone_file(records, Language::en);
    EXPECT_NE(zone.find(fmt::format("MX     10 {}.", settings.host)), std::string::npos) << zone;
    const auto rows = form_rows(records, settings.domain);
    const auto row = std::ranges::find(rows, "MX", &FormRow::type);
    ASSERT_NE(row, rows.end());
    EXPECT_EQ(row->name, "bounce");
    EXPECT_EQ(row->priority, "10");
    EXPECT_EQ(std::next(row)->value, fmt::format("v=spf1 a:{} ~all", settings.host));
}

TEST(DnsRecords, further_names_of_the_host_are_aliases_of_it) {
    const auto settings = example_settings();
    const std::string domain = settings.domain.ascii();
    DnsExtras extras;
    extras.bounce_domain = "bounce." + domain;
    // Nothing stands beside an alias, and what lies elsewhere is not of this zone.
    extras.names = {"out." + domain,        settings.host,        domain,
                    "autoconfig." + domain, extras.bounce_domain, "smtp.other.example"};
    std::vector<std::string> aliases;
    for (const auto& record : dns_records(settings, extras))
        if (record.note == "dns.note.names") {
            EXPECT_EQ(record.type, RecordType::cname);
            EXPECT_EQ(record.value, settings.host);
            aliases.push_back(record.name);
        }
    EXPECT_EQ(aliases, std::vector<std::string>{"out." + domain});
}

TEST(DnsRecords, the_names_that_programs_guess) {
    auto settings = example_settings();
    const std::string domain = settings.domain.ascii();
    settings.host = "mail." + domain;
    EXPECT_EQ(guessed_names(settings, {}), std::vector<std::string>{"smtp." + domain});
    const std::vector<std::string> named{"smtp." + domain};
    EXPECT_TRUE(guessed_names(settings, named).empty());
    settings.host = "out." + domain;
    EXPECT_EQ(guessed_names(settings, named), std::vector<std::string>{"mail." + domain});
    settings.host = "mail.provider.example";
    EXPECT_FALSE(has_host(settings));
    EXPECT_TRUE(guessed_names(settings, {}).empty());
}

TEST(DnsRecords, as_rows_of_a_web_form) {
    const MailSettings settings = example_settings();
    const auto rows = form_rows(dns_records(settings, full_extras()), settings.domain);
    expect_golden("form.txt", form_table(rows, Language::en));
    for (const FormRow& row : rows) {
        EXPECT_EQ(row.value.find('"'), std::string::npos);
        EXPECT_FALSE(row.value.ends_with('.')) << row.value;
        EXPECT_EQ(row.port.empty(), row.type != "SRV");
    }
}

TEST(DnsRecords, a_service_not_offered_is_denied) {
    MailSettings settings = example_settings();
    settings.starttls_port = 0;
    const auto rows = form_rows(dns_records(settings), settings.domain);
    const auto row = std::ranges::find(rows, "_submission._tcp", &FormRow::name);
    ASSERT_NE(row, rows.end());
    EXPECT_EQ(row->value, ".");
    EXPECT_EQ(row->port, "0");
}

TEST(DnsRecords, a_host_of_another_zone_gets_no_address_here) {
    MailSettings settings = example_settings();
    settings.host = "mail.hoster.net";
    settings.https_base = "https://mail.hoster.net:8443";
    const auto records = dns_records(settings, full_extras());
    for (const DnsRecord& one : records) {
        EXPECT_NE(one.type, RecordType::a);
        EXPECT_TRUE(one.name == "example.com" || one.name.ends_with(".example.com")) << one.name;
    }
    const auto srv = std::ranges::find(records, "_autodiscover._tcp.example.com", &DnsRecord::name);
    ASSERT_NE(srv, records.end());
    EXPECT_EQ(srv->port, 8443);
}

TEST(DnsRecords, no_name_is_an_alias_of_itself) {
    MailSettings settings = example_settings();
    settings.https_base = "https://autoconfig.example.com";
    for (const DnsRecord& one : dns_records(settings))
        EXPECT_FALSE(one.type == RecordType::cname && one.name == one.value);
}

TEST(DnsRecords, nothing_ends_a_line_or_a_string_of_the_zone_file) {
    MailSettings settings = example_settings();
    DnsExtras extras;
    extras.dkim = {{"a b", "v=DKIM1; \"\\\n; p=x"}};
    extras.spf_includes = {"x\ny"};
    const auto records = dns_records(settings, extras);
    const std::string zone = zone_file(records, Language::en);
    EXPECT_NE(zone.find("a\\032b._domainkey.example.com."), std::string::npos);
    EXPECT_NE(zone.find("\"v=DKIM1; \\034\\092\\010; p=x\""), std::string::npos);
    EXPECT_NE(zone.find("include:x\\010y"), std::string::npos);
}

TEST(DnsRecords, neither_literals_nor_servers_without_https_are_forgotten) {
    MailSettings settings = example_settings();
    settings.https_base.clear();
    for (const DnsRecord& one : dns_records(settings)) EXPECT_NE(one.type, RecordType::cname);
    settings.domain = mail::Domain::parse("[192.0.2.1]").value();
    EXPECT_TRUE(dns_records(settings).empty());
}

struct Host {
    const char* name;
    const char* host;
    std::optional<Site> site;
    const char* domain;
};

class HostField : public testing::TestWithParam<Host> {};

TEST_P(HostField, is_read) {
    const auto asked = read_host(GetParam().host);
    ASSERT_EQ(asked.has_value(), GetParam().site.has_value());
    if (!asked) return;
    EXPECT_EQ(asked->site, *GetParam().site);
    EXPECT_EQ(asked->domain.ascii(), GetParam().domain);
}

const Host kHosts[] = {
    {"autodiscover", "autodiscover.example.com", Site::autodiscover, "example.com"},
    {"letter_case_port_dot", "AutoConfig.Example.COM.:8443", Site::autoconfig, "example.com"},
    {"dot_alone", "autodiscover.example.com.", Site::autodiscover, "example.com"},
    {"pacc", "ua-auto-config.example.com", Site::ua_auto_config, "example.com"},
    {"plain", "mail.example.com", Site::plain, "mail.example.com"},
    {"prefix_inside", "xautodiscover.example.com", Site::plain, "xautodiscover.example.com"},
    {"prefix_alone", "autodiscover", Site::plain, "autodiscover"},
    {"u_label",
     "autoconfig.b\xc3\xbc"
     "cher.example",
     Site::autoconfig, "xn--bcher-kva.example"},
    {"empty", "", {}, ""},
    {"no_port_number", "example.com:x", {}, ""},
    {"literal", "[2001:db8::1]:443", {}, ""},
    {"address", "192.0.2.1", {}, ""},
    {"slash", "example.com/x", {}, ""},
};

INSTANTIATE_TEST_SUITE_P(rows, HostField, testing::ValuesIn(kHosts),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Host, the_certificate_names_the_mail_host_first) {
    EXPECT_EQ(certificate_names(example_settings()),
              (std::vector<std::string>{"smtp.example.com", "mail.example.com",
                                        "autodiscover.example.com", "autoconfig.example.com",
                                        "ua-auto-config.example.com"}));
    MailSettings settings = example_settings();
    settings.https_base = "https://smtp.example.com:8443/";
    EXPECT_EQ(certificate_names(settings).size(), 4U);
    settings.https_base.clear();
    EXPECT_EQ(certificate_names(settings), std::vector<std::string>{"smtp.example.com"});
}

TEST(Qr, draws_the_modules_and_nothing_of_the_text) {
    const auto svg = qr_svg("https://mail.example.com/setup?<script>");
    ASSERT_TRUE(svg);
    expect_golden("qr.svg", *svg);
    EXPECT_EQ(svg->find("script"), std::string::npos);
    EXPECT_TRUE(formats::parse_xml(*svg));
}

TEST(Qr, refuses_what_does_not_fit) {
    EXPECT_TRUE(qr_svg(std::string(2000, 'x')));
    EXPECT_EQ(qr_svg(std::string(2900, 'x')).error().kind, ErrorKind::too_large);
    EXPECT_EQ(qr_svg(std::string(100'000, 'x')).error().kind, ErrorKind::too_large);
    EXPECT_EQ(qr_svg("").error().kind, ErrorKind::syntax);
    EXPECT_EQ(qr_svg("M\xfcller").error().kind, ErrorKind::syntax);
    EXPECT_EQ(qr_svg(std::string_view("a\0b", 3)).error().kind, ErrorKind::syntax);
}

TEST(Qr, thunderbird_reads_its_own_format) {
    const auto text = thunderbird_qr_text(example_settings(), mailbox("anna@example.com"), "Anna");
    ASSERT_TRUE(text);
    EXPECT_EQ(
        *text,
        R"([1,[1,1],[0,"imap.example.com",993,3,1,"anna@example.com"],)"
        R"([[[0,"smtp.example.com",465,3,1,"anna@example.com"],["anna@example.com","Anna"]]]])");
    MailSettings settings = example_settings();
    settings.tls_port = 0;
    settings.incoming = {{IncomingKind::pop3, "pop.example.com", 110, Security::starttls}};
    EXPECT_EQ(*thunderbird_qr_text(settings, mailbox("\"a\\\"b\"@example.com"), ""),
              R"([1,[1,1],[1,"pop.example.com",110,2,1,"\"a\\\"b\"@example.com"],)"
              R"([[[0,"smtp.example.com",587,2,1,"\"a\\\"b\"@example.com"],)"
              R"(["\"a\\\"b\"@example.com","\"a\\\"b\"@example.com"]]]])");
}

TEST(Qr, thunderbird_needs_an_incoming_server_and_an_ascii_address) {
    MailSettings settings = example_settings();
    EXPECT_EQ(thunderbird_qr_text(settings, mailbox("\xc3\xa4@example.com"), "").error().kind,
              ErrorKind::unsupported);
    settings.incoming.clear();
    const auto text = thunderbird_qr_text(settings, mailbox("anna@example.com"), "");
    ASSERT_FALSE(text);
    EXPECT_NE(text.error().mend.find("[incoming]"), std::string::npos);
}

}  // namespace
}  // namespace posthaste::discovery
