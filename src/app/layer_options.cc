#include "app/layer_options.h"

#include "app/config/host_port.h"
#include "app/config/listen_addresses.h"
#include "app/config/route_settings.h"
#include "base/ascii.h"
#include "base/file.h"
#include "delivery/route/route.h"
#include "delivery/shaping/shaping.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

constexpr std::uint16_t kSubmissionsPort = 465;
constexpr std::uint16_t kSubmissionPort = 587;
constexpr std::uint16_t kHttpsPort = 443;

Result<delivery::RouteRule> route_rule(const RouteSettings& route) {
    delivery::RouteRule rule;
    rule.to = route.to;
    rule.from = route.from;
    rule.accounts = route.accounts;
    rule.name = route.name;
    rule.fallback = route.fallback;
    rule.fallback_after = route.fallback_after.value_or(1);
    rule.sources = route.sources;
    rule.families = route.families;
    using Kind = delivery::RouteRule::Kind;
    const std::string& via = route.via.front();
    if (via == "mx" || via == "trap" || via == "hold") {
        rule.kind = via == "mx" ? Kind::mx : via == "trap" ? Kind::trap : Kind::hold;
        rule.tls = route.tls.value_or(delivery::TlsLevel::may);
        return rule;
    }
    PH_TRY(rule.hosts, parse_relay_hosts(route.via));
    rule.kind = Kind::smarthost;
    PH_TRY(rule.smarthost, make_smarthost(route.login));
    rule.tls = route.login.tls;
    return rule;
}

// What an own certificate holds: the name, and this machine as seen from itself.
std::vector<std::string> names_of(const std::string& hostname) {
    std::vector<std::string> names{hostname};
    for (const char* local : {"localhost", "127.0.0.1", "::1"})
        if (hostname != local) names.emplace_back(local);
    return names;
}

// Which port to tell: the usual one if we listen there, else the first of that habit; 0 without
// one.
std::uint16_t told_port(const Settings& settings, std::uint16_t usual, bool implicit) {
    std::uint16_t first = 0;
    for (const auto& address : settings.submission) {
        if (address.port == usual) return usual;
        if (first == 0 && is_implicit_tls_port(address.port) == implicit) first = address.port;
    }
    return first;
}

void add_incoming(discovery::MailSettings& told, discovery::IncomingKind kind,
                  const std::string& text) {
    if (text.empty()) return;
    const bool imap = kind == discovery::IncomingKind::imap;
    auto parsed = parse_host_port(text);
    // Without a port: the one of TLS from the first octet (RFC 8314 §3.2).
    if (!parsed) parsed = HostPort{text, static_cast<std::uint16_t>(imap ? 993 : 995)};
    told.incoming.push_back(
        {kind, parsed->host, parsed->port, discovery::usual_security(kind, parsed->port)});
}

}  // namespace

bool is_implicit_tls_port(std::uint16_t port) {
    return port % 1000 == kSubmissionsPort;
}

std::string public_base(const Settings& settings) {
    if (!settings.public_url.empty()) return settings.public_url;
    if (!settings.https) return {};
    if (settings.https->port == kHttpsPort) return "https://" + settings.hostname;
    return fmt::format("https://{}:{}", settings.hostname, settings.https->port);
}

discovery::MailSettings mail_settings(const Settings& settings) {
    discovery::MailSettings told;
    told.host = settings.hostname;
    told.tls_port = told_port(settings, kSubmissionsPort, true);
    told.starttls_port = told_port(settings, kSubmissionPort, false);
    add_incoming(told, discovery::IncomingKind::imap, settings.incoming_imap);
    add_incoming(told, discovery::IncomingKind::pop3, settings.incoming_pop);
    told.https_base = public_base(settings);
    if (!told.https_base.empty()) told.help_base = told.https_base + "/h/";
    return told;
}

std::string_view missing_incoming(const Settings& settings) {
    if (!settings.https || settings.mode == Mode::trap) return {};
    if (!settings.incoming_imap.empty() || !settings.incoming_pop.empty()) return {};
    return "no incoming server is named: mail programs that set themselves up need one, and "
           "Outlook "
           "and Apple's programs have no automatic way without it";
}

web::DnsFacts dns_facts(const Settings& settings) {
    web::DnsFacts facts;
    facts.settings = mail_settings(settings);
    facts.report_to = settings.admin;
    facts.bounce_domain = settings.bounces.domain;
    facts.acme = settings.acme;
    facts.names = settings.acme_names;
    if (settings.mode == Mode::live && !settings.relay.host.empty()) {
        auto next = parse_host_port(settings.relay.host);
        facts.relay = next ? next->host : settings.relay.host;
    }
    for (const auto& listen : settings.submission) {
        const auto address = IpAddress::parse(listen.host);
        if (!address || address->is_loopback() || address->is_unspecified()) continue;
        auto text = address->to_string();
        if (std::ranges::find(facts.addresses, text) == facts.addresses.end())
            facts.addresses.push_back(std::move(text));
    }
    return facts;
}

bool needs_trap(const Settings& settings) {
    return settings.mode == Mode::trap ||
           std::ranges::any_of(settings.routes, [](const auto& route) {
               return route.via == std::vector<std::string>{"trap"};
           });
}

store::Store::Options store_options(const Settings& settings) {
    store::Store::Options options;
    options.path = settings.store_path;
    return options;
}

store::HistoryKeeper::Options history_options(const Settings& settings) {
    store::HistoryKeeper::Options options;
    options.days = settings.history_days;
    options.octets = settings.history_size;
    return options;
}

queue::Queue::Options queue_options(const Settings& settings) {
    queue::Queue::Options options;
    options.hostname = settings.hostname;
    options.admin = settings.admin;
    options.reports = {settings.reports_per_hour, settings.digest_every, settings.report_language};
    auto& retry = options.retry;
    retry.human.steps = settings.retry;
    retry.human.expire = settings.expire;
    retry.application.steps = settings.application_retry;
    retry.application.expire = settings.application_expire;
    retry.bulk.steps = settings.bulk_retry;
    retry.bulk.expire = settings.bulk_expire;
    retry.report.steps = settings.report_retry;
    retry.report.expire = std::min(settings.report_expire, settings.expire);
    return options;
}

accounts::LoginGuard::Options guard_options(const Settings& settings) {
    accounts::LoginGuard::Options options;
    options.trusted = settings.trusted_networks;
    return options;
}

submission::Options submission_options(const Settings& settings) {
    submission::Options options;
    options.hostname = settings.hostname;
    options.admin = settings.admin;
    // A mail program wants the host in that box, and the port in another.
    const auto& incoming =
        settings.incoming_imap.empty() ? settings.incoming_pop : settings.incoming_imap;
    auto with_port = parse_host_port(incoming);
    options.incoming = with_port ? with_port->host : incoming;
    const auto told = mail_settings(settings);
    options.help_base = told.help_base;
    options.starttls_port = told.starttls_port;
    options.tls_port = told.tls_port;
    options.message_size = settings.message_size;
    options.requiretls = settings.requiretls;
    options.recipients = settings.recipients;
    options.max_hold = settings.max_hold;
    options.errors = settings.errors;
    options.address_literals = settings.address_literals;
    options.refuse_suppressed = settings.refuse_suppressed;
    options.command_timeout = settings.command_timeout;
    options.data_timeout = settings.data_timeout;
    if (settings.legacy.listen) options.legacy_port = settings.legacy.listen->to_string();
    return options;
}

net::Resolver::Options resolver_options(const Settings& settings) {
    net::Resolver::Options options;
    options.servers = settings.resolvers;
    options.trust_anchor_file = settings.trust_anchor_file;
    options.validate = settings.mode == Mode::live;  // nothing is looked up for the trap
    return options;
}

net::ConnectionCounter::Limits connection_limits(const Settings& settings, std::size_t carried) {
    return {std::min<std::size_t>(settings.connections, carried), settings.connections_per_address};
}

trap::Inbox::Options inbox_options(const Settings& settings) {
    trap::Inbox::Options options;
    options.folder = settings.store_path + "/trap";
    return options;
}

delivery::StrangersHttps::Options https_options(const Settings& settings) {
    delivery::StrangersHttps::Options options;
    options.ca_file = settings.delivery_ca_file;
    options.allow_private_addresses = settings.allow_private_addresses;
    options.user_agent = "posthaste/" POSTHASTE_VERSION;
    return options;
}

namespace {

constexpr std::uint64_t kUsuallyWarm = 10'000;

std::optional<delivery::WarmUpPlan> warm_up_of(const SourceSettings& source) {
    if (source.warm_up == 0) return std::nullopt;
    const std::uint64_t until = source.warm_up_until > 0
                                    ? source.warm_up_until
                                    : std::max(kUsuallyWarm, source.warm_up + 1);
    return delivery::WarmUpPlan{source.warm_up, until, source.warm_up_since};
}

}  // namespace

Result<delivery::Options> delivery_options(const Settings& settings) {
    delivery::Options options;
    options.hostname = settings.hostname;
    options.mx_port = settings.mx_port;
    options.ca_file = settings.delivery_ca_file;
    options.allow_private_addresses = settings.allow_private_addresses;
    options.old_tls = settings.old_tls;
    PH_TRY(auto shaping, delivery::Shaping::load(settings.shaping_file));
    options.shaping = std::make_shared<const delivery::Shaping>(std::move(shaping));
    options.address_literals = settings.address_literals;
    for (const auto& source : settings.sources)
        options.sources.push_back(
            {source.name, source.v4, source.v6, source.ehlo, source.weight, warm_up_of(source)});
    options.source_pool = settings.source_pool;
    options.own_addresses = own_addresses(settings);
    if (settings.mode == Mode::live) {
        for (const auto& route : settings.routes) {
            PH_TRY(auto rule, route_rule(route));
            options.routes.push_back(std::move(rule));
        }
    }
    delivery::RouteRule last;
    last.to = {"*"};
    last.name = delivery::Routes::kDefault;
    if (settings.mode == Mode::trap) {
        last.kind = delivery::RouteRule::Kind::trap;
    } else if (!settings.relay.host.empty()) {
        last.kind = delivery::RouteRule::Kind::smarthost;
        PH_TRY(last.smarthost, make_smarthost(settings.relay));
        last.tls = settings.relay.tls;
    }
    options.routes.push_back(std::move(last));
    return options;
}

Result<std::vector<net::CertificateFiles>> certificate_files(const Settings& settings) {
    std::vector<net::CertificateFiles> files;
    for (std::size_t i = 0; i < settings.cert_files.size() && i < settings.key_files.size(); ++i)
        files.push_back({settings.cert_files[i], settings.key_files[i]});
    if (!files.empty()) return files;
    return net::ensure_own_certificates(settings.store_path + "/tls", names_of(settings.hostname));
}

}  // namespace posthaste::app
