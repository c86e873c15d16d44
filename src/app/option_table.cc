#include "app/option_table.h"

#include "app/host_port.h"
#include "app/relay_options.h"
#include "base/ascii.h"
#include "base/ip.h"
#include "mail/mailbox.h"
#include "net/resolver.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

using enum OptionType;

Result<net::ListenAddress> listen_address(const OptionValue& value) {
    return net::ListenAddress::parse(value.texts[0]);
}

Result<void> set_hostname(Settings& s, const OptionValue& v) {
    PH_TRY(auto domain, mail::Domain::parse(v.texts[0]));
    if (domain.is_literal())
        return fail(ErrorKind::syntax, "a host name is needed, not an address");
    s.hostname = domain.ascii();
    return {};
}

Result<void> set_admin(Settings& s, const OptionValue& v) {
    PH_TRY(auto mailbox, mail::Mailbox::parse(v.texts[0]));
    s.admin = mailbox.to_string();
    return {};
}

Result<void> set_submission(Settings& s, const OptionValue& v) {
    for (const auto& text : v.texts) {
        PH_TRY(auto address, net::ListenAddress::parse(text));
        s.submission.push_back(address);
    }
    return {};
}

Result<void> set_trap(Settings& s, const OptionValue& v) {
    PH_TRY(auto address, listen_address(v));
    auto ip = IpAddress::parse(address.host);
    if (!ip || !ip->is_loopback())
        return fail(ErrorKind::denied,
                    "the trap takes mail without a login, so it listens on loopback only",
                    "write \"127.0.0.1:1025\" or \"[::1]:1025\"");
    s.trap = address;
    return {};
}

Result<void> set_http(Settings& s, const OptionValue& v) {
    PH_TRY(auto address, listen_address(v));
    auto ip = IpAddress::parse(address.host);
    if (!ip || !ip->is_loopback())
        return fail(ErrorKind::denied, "this page has no login yet, so it listens on loopback only",
                    "write \"127.0.0.1:8025\"; from another machine use a tunnel: ssh -L "
                    "8025:127.0.0.1:8025 HOST");
    s.http = address;
    return {};
}

// "https://mail.example.com:8443", without a path: every address of a page is made from it.
Result<void> set_public_url(Settings& s, const OptionValue& v) {
    constexpr std::string_view kScheme = "https://";
    constexpr std::string_view kExample = "write it like \"https://mail.example.com\"";
    std::string_view url = v.texts[0];
    if (!url.starts_with(kScheme))
        return fail(ErrorKind::syntax, fmt::format("\"{}\" does not start with https://", url),
                    std::string(kExample));
    std::string_view site = url.substr(kScheme.size());
    if (site.ends_with('/')) site.remove_suffix(1);
    const auto port_at = site.rfind(':');
    const std::string with_port(port_at == site.npos ? fmt::format("{}:443", site) : site);
    auto parsed = parse_host_port(with_port);
    if (!parsed || site.find('/') != site.npos)
        return fail(ErrorKind::syntax,
                    fmt::format("\"{}\" is no host, or more than a host and a port", site),
                    std::string(kExample));
    s.public_url = std::string(kScheme) + std::string(site);
    return {};
}

// A host, with a port or without one.
Result<void> check_host(const std::string& text) {
    if (text.find(':') != std::string::npos) {
        PH_CHECK(parse_host_port(text));
        return {};
    }
    PH_CHECK(mail::Domain::parse(text));
    return {};
}

template <std::string Settings::* Member>
Result<void> set_incoming(Settings& s, const OptionValue& v) {
    PH_CHECK(check_host(v.texts[0]));
    s.*Member = v.texts[0];
    return {};
}

Result<void> set_legacy_allow(Settings& s, const OptionValue& v) {
    for (const auto& text : v.texts) {
        const auto network = IpNetwork::parse(text);
        if (!network)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is no network", text),
                        "write \"10.0.0.0/8\", \"192.168.1.40\" or \"fd00::/8\", without bits "
                        "behind the prefix");
        s.legacy.allow.push_back(*network);
    }
    return {};
}

Result<void> set_bounce_domain(Settings& s, const OptionValue& v) {
    PH_TRY(const auto domain, mail::Domain::parse(v.texts[0]));
    if (domain.is_literal() || domain.ascii().find('.') == std::string::npos)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no domain", v.texts[0]),
                    "name one that is used for nothing else, such as \"bounce.example.com\"");
    s.bounces.domain = domain.ascii();
    return {};
}

Result<void> set_acme_directory(Settings& s, const OptionValue& v) {
    if (!v.texts[0].starts_with("https://") || v.texts[0].size() < 9)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no https address", v.texts[0]),
                    "write it like \"https://acme-v02.api.letsencrypt.org/directory\"");
    s.acme_directory = v.texts[0];
    return {};
}

Result<void> set_acme_names(Settings& s, const OptionValue& v) {
    for (const auto& text : v.texts) {
        const auto name = mail::Domain::parse(text);
        if (!name || name->ascii().starts_with('[') || IpAddress::parse(text) ||
            text.find('.') == std::string::npos)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is no name of a host", text),
                        "write it like \"smtp.example.com\"; addresses and \"*\" do not go");
        s.acme_names.push_back(name->ascii());
    }
    return {};
}

Result<void> set_acme_contact(Settings& s, const OptionValue& v) {
    PH_TRY(auto mailbox, mail::Mailbox::parse(v.texts[0]));
    s.acme_contact = mailbox.to_string();
    return {};
}

template <class T>
auto assign(T Settings::* member) {
    return [member](Settings& s, const OptionValue& v) -> Result<void> {
        if constexpr (std::is_same_v<T, std::string>)
            s.*member = v.texts[0];
        else if constexpr (std::is_same_v<T, std::vector<std::string>>)
            s.*member = v.texts;
        else if constexpr (std::is_same_v<T, bool>)
            s.*member = v.flag;
        else if constexpr (std::is_same_v<T, Seconds>)
            s.*member = Seconds(v.numbers[0]);
        else
            s.*member = static_cast<T>(v.numbers[0]);
        return {};
    };
}

Result<void> set_digest_every(Settings& s, const OptionValue& v) {
    if (v.numbers[0] < 1 || v.numbers[0] > 7 * 86'400)
        return fail(ErrorKind::syntax, "a digest is sent after 1 second to 7 days",
                    "write digest_every = \"1h\"");
    s.digest_every = Seconds(v.numbers[0]);
    return {};
}

Result<void> set_report_language(Settings& s, const OptionValue& v) {
    s.report_language = mail::parse_language(v.texts[0]).value_or(mail::Language::english);
    return {};
}

Result<void> set_suppression_answer(Settings& s, const OptionValue& v) {
    s.refuse_suppressed = v.texts[0] == "refuse";
    return {};
}

Result<void> set_history_days(Settings& s, const OptionValue& v) {
    if (v.numbers[0] < 1 || v.numbers[0] > 3650)
        return fail(ErrorKind::syntax, "the history is kept for 1 to 3650 days",
                    "write days = 30; what mail is on its way needs a day at least");
    s.history_days = static_cast<std::uint32_t>(v.numbers[0]);
    return {};
}

Result<void> set_max_hold(Settings& s, const OptionValue& v) {
    s.max_hold = Seconds(0);
    if (v.texts[0] == "off") return {};
    PH_TRY(s.max_hold, parse_duration(v.texts[0]));
    if (s.max_hold < Seconds(1) || s.max_hold > std::chrono::days(366))
        return fail(ErrorKind::syntax, "mail is kept back for a second to 366 days",
                    "write max_hold = \"30d\", or \"off\"");
    return {};
}

Result<void> set_history_size(Settings& s, const OptionValue& v) {
    constexpr std::int64_t kLeast = 8 << 20;
    if (v.numbers[0] < kLeast)
        return fail(ErrorKind::syntax, "the history needs 8 MB at least", "write size = \"4 GB\"");
    s.history_size = static_cast<std::uint64_t>(v.numbers[0]);
    return {};
}

template <std::uint16_t Settings::* Member>
Result<void> set_port(Settings& s, const OptionValue& v) {
    if (v.numbers[0] < 1 || v.numbers[0] > 65535)
        return fail(ErrorKind::syntax, "a port is 1 to 65535");
    s.*Member = static_cast<std::uint16_t>(v.numbers[0]);
    return {};
}

template <std::vector<Seconds> Settings::* Member>
Result<void> set_steps(Settings& s, const OptionValue& v) {
    auto& steps = s.*Member;
    steps.clear();
    for (auto seconds : v.numbers) {
        if (seconds < 1) return fail(ErrorKind::syntax, "a step is at least 1s");
        steps.emplace_back(seconds);
    }
    if (steps.empty())
        return fail(ErrorKind::syntax, "the list is empty", "write at least one step: [\"5m\"]");
    return {};
}

Result<void> set_resolvers(Settings& s, const OptionValue& v) {
    for (const auto& text : v.texts) PH_CHECK(net::check_name_server(text));
    s.resolvers = v.texts;
    return {};
}

Result<void> set_own_addresses(Settings& s, const OptionValue& v) {
    for (const auto& text : v.texts) {
        const auto address = IpAddress::parse(text);
        if (!address)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is no address", text),
                        "write it like \"192.0.2.1\" or \"2001:db8::1\"");
        s.own_addresses.push_back(*address);
    }
    return {};
}

Result<void> set_trusted_networks(Settings& s, const OptionValue& v) {
    s.trusted_networks.clear();
    for (const auto& text : v.texts) {
        const auto network = IpNetwork::parse(text);
        if (!network)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is no network", text),
                        "write an address with the length of its prefix, and zeros behind it: "
                        "\"203.0.113.0/24\"");
        s.trusted_networks.push_back(*network);
    }
    return {};
}

// A domain is in one of the lists at most.
template <std::vector<std::string> WinmailSettings::* Member>
Result<void> set_winmail_domains(Settings& s, const OptionValue& v) {
    for (const auto& text : v.texts) {
        const bool below = text.starts_with('.');
        PH_TRY(const auto domain, mail::Domain::parse(below ? text.substr(1) : text));
        const std::string name = (below ? "." : "") + domain.ascii();
        for (const auto list :
             {&WinmailSettings::keep, &WinmailSettings::notify, &WinmailSettings::convert}) {
            if (std::ranges::find(s.winmail.*list, name) != (s.winmail.*list).end())
                return fail(ErrorKind::conflict,
                            fmt::format("\"{}\" is named twice in [winmail]", text),
                            "leave it in one of keep, notify and convert");
        }
        (s.winmail.*Member).push_back(name);
    }
    return {};
}

// Keys in the order of the sample file.
std::vector<Option> own_options() {
    return {
        {"hostname", text, "", "our name: EHLO, Received, and what the certificate must hold", "",
         true, set_hostname},
        {"admin", text, "",
         "who gets mail for postmaster, and whom bounces name (default: postmaster@hostname)", "",
         true, set_admin},
        {"mode", choice, "live", "trap: nothing leaves, all mail stays in the local inbox",
         "live trap", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             s.mode = v.texts[0] == "trap" ? Mode::trap : Mode::live;
             return {};
         }},

        {"store.path", path, "", "folder of the store (0700, on a disk that survives)", "", true,
         assign(&Settings::store_path)},
        {"store.url", text, "", "a PostgreSQL shared by several nodes", "", false, {}},

        {"listen.submission", addresses, "[\":587\", \":465\"]",
         "where mail programs send; each port speaks STARTTLS and TLS", "", true, set_submission},
        {"listen.https", address, "",
         "set-up documents, set-up page, help pages; mail too, where a network lets nothing else "
         "out",
         "", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             PH_TRY(s.https, listen_address(v));
             return {};
         }},
        {"listen.public_url", text, "",
         "how others reach listen.https, when a proxy or port mapping stands before it (default: "
         "https://HOSTNAME with the port)",
         "", true, set_public_url},
        {"listen.http_challenge", address, "",
         "port 80 for certificate authorities (HTTP-01); everything else is sent to https", "",
         true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             PH_TRY(s.http_challenge, listen_address(v));
             return {};
         }},
        {"listen.http", address, "", "inbox page and JSON, on loopback", "", true, set_http},
        {"listen.trap", address, "", "mode \"trap\" only, loopback only: mail without TLS or login",
         "", true, set_trap},
        {"listen.metrics", address, "", "Prometheus metrics, GET /metrics", "", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             PH_TRY(s.metrics, listen_address(v));
             return {};
         }},

        {"legacy.listen", address, "",
         "for devices with TLS 1.0 and 1.1: a port of its own, fenced by allow", "", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             PH_TRY(s.legacy.listen, listen_address(v));
             return {};
         }},
        {"legacy.allow", texts, "", "who may use it: addresses and networks of the house", "", true,
         set_legacy_allow},
        {"legacy.allow_public", flag, "false",
         "let allow hold networks of the internet: old encryption can be read on the way", "", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             s.legacy.allow_public = v.flag;
             return {};
         }},

        {"bounces.domain", text, "",
         "mail of accounts with --verp leaves under senders of this domain, whose MX is this "
         "server",
         "", true, set_bounce_domain},
        {"bounces.listen", address, "",
         "a port that takes bounces and complaints to them, and nothing else: \":25\"", "", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             PH_TRY(s.bounces.listen, listen_address(v));
             return {};
         }},
        {"bounces.message_size", size, "\"10 MB\"", "of a bounce; of its content 512 KB are read",
         "", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             s.bounces.message_size = static_cast<std::uint64_t>(v.numbers[0]);
             return {};
         }},

        {"tls.cert_file", paths, "",
         "certificate and chain, PEM; a list for ECDSA and RSA side by side", "", true,
         assign(&Settings::cert_files)},
        {"tls.key_file", paths, "", "the private keys, in the same order", "", true,
         assign(&Settings::key_files)},
        {"tls.acme", flag, "false",
         "get certificates from Let's Encrypt or another authority; true agrees to its terms of "
         "service",
         "", true, assign(&Settings::acme)},
        {"tls.acme_directory", text, "\"https://acme-v02.api.letsencrypt.org/directory\"",
         "the authority's ACME directory (RFC 8555)", "", true, set_acme_directory},
        {"tls.acme_contact", text, "", "address the authority may write to (default: admin)", "",
         true, set_acme_contact},
        {"tls.acme_names", texts, "",
         "further names of the mail host, beside hostname, that get a certificate too", "", true,
         set_acme_names},
        {"tls.acme_ca_file", path, "",
         "who may sign the directory's own certificate (default: the system's authorities)", "",
         true, assign(&Settings::acme_ca_file)},
        {"tls.acme_retry", duration, "\"5m\"",
         "wait after a failed order; doubles with each, up to 12 hours", "", true,
         assign(&Settings::acme_retry)},

        {"incoming.imap", text, "", "the incoming server, served elsewhere; mail programs are told",
         "", true, set_incoming<&Settings::incoming_imap>},
        {"incoming.pop", text, "", "the same for POP", "", true,
         set_incoming<&Settings::incoming_pop>},

        {"route[].name", text, "", "what commands and logs call it: one word", "", true, {}},
        {"route[].to",
         texts,
         "",
         "recipient domains: \"example.net\", \".example.net\" (below it), \"*\"",
         "",
         true,
         {}},
        {"route[].from",
         texts,
         "",
         "senders: \"anna@example.com\", \"example.com\", \".example.com\" (below it), \"<>\"",
         "",
         true,
         {}},
        {"route[].account", texts, "", "logins, by their address", "", true, {}},
        {"route[].via",
         texts,
         "",
         "\"host:port\", \"mx:name\", \"lmtp:host:port\", \"lmtp:unix:/path\", \"mx\", \"trap\" or "
         "\"hold\"; a list of hosts: the next when one fails; several in one text share the load",
         "",
         true,
         {}},
        {"route[].tls",
         choice,
         "",
         "as relay.tls, for this route; may (the default of \"mx\") keeps what the domains "
         "promise by DANE and MTA-STS",
         "none may encrypt verify dane dane-only",
         true,
         {}},
        {"route[].fallback",
         text,
         "",
         "name of the route that takes over when no host of this one is reached",
         "",
         true,
         {}},
        {"route[].fallback_after",
         number,
         "",
         "after so many attempts of a message (default 1)",
         "",
         true,
         {}},
        {"route[].source", texts, "", "names of the [[source]] it leaves from", "", true, {}},
        {"route[].family",
         choice,
         "",
         "which addresses are tried, in which order (default v4,v6)",
         "v4 v6 v4,v6 v6,v4",
         true,
         {}},

        {"source[].name", text, "", "what routes and logs call it: one word", "", true, {}},
        {"source[].address",
         texts,
         "",
         "an address of this machine that mail leaves from; one of IPv4 and one of IPv6 at most",
         "",
         true,
         {}},
        {"source[].ehlo",
         text,
         "",
         "the name it greets with, which its PTR record should hold (default: hostname)",
         "",
         true,
         {}},
        {"source[].weight", number, "", "its share of a pool's mail (default 1)", "", true, {}},
        {"source[].warm_up",
         number,
         "",
         "it is new to receivers: so many recipients at each provider on the first day, half again "
         "as many on each day after, spread evenly (50 to 200 is usual)",
         "",
         true,
         {}},
        {"source[].warm_up_until",
         number,
         "",
         "once a day's number has come to this, it is warm (default 10000)",
         "",
         true,
         {}},
        {"source[].warm_up_since",
         text,
         "",
         "the day it was first used, such as \"2026-11-01\" (default: counted from its first mail)",
         "",
         true,
         {}},

        {"delivery.resolver", texts, "", "name servers \"127.0.0.1:5353\" (default: the system's)",
         "", true, set_resolvers},
        {"delivery.trust_anchor_file", path, "", "DNSSEC root key (default: Debian's)", "", true,
         assign(&Settings::trust_anchor_file)},
        {"delivery.rules_file", path, "",
         "rules of your own on what replies mean and change, asked before the program's", "", true,
         assign(&Settings::rules_file)},
        {"delivery.mx_port", number, "25", "port of MX hosts", "", true,
         set_port<&Settings::mx_port>},
        {"delivery.ca_file", path, "",
         "who may sign the certificates of MX hosts and of MTA-STS policy hosts (default: the "
         "system's authorities)",
         "", true, assign(&Settings::delivery_ca_file)},
        {"delivery.mta_sts", flag, "true",
         "keep to what recipients' domains demand of TLS by MTA-STS (RFC 8461)", "", true,
         assign(&Settings::mta_sts)},
        {"delivery.sts_port", number, "443", "port of MTA-STS policy hosts; another one in tests",
         "", true, set_port<&Settings::sts_port>},
        {"delivery.allow_private_addresses", flag, "false",
         "deliver to MX hosts on loopback and private addresses", "", true,
         assign(&Settings::allow_private_addresses)},
        {"delivery.old_tls", flag, "false",
         "TLS 1.0 and 1.1 towards MX hosts that know nothing newer and promise nothing better; "
         "without it such mail waits, then leaves in clear",
         "", true, assign(&Settings::old_tls)},
        {"delivery.requiretls", flag, "false",
         "offer REQUIRETLS (RFC 8689): who asks for it gets verified TLS all the way, or the mail "
         "back",
         "", true, assign(&Settings::requiretls)},
        {"delivery.address_literals", flag, "false",
         "take mail to user@[192.0.2.1], and bring it to that address", "", true,
         assign(&Settings::address_literals)},
        {"delivery.own_addresses", texts, "",
         "further addresses of this server, such as its address before NAT: an MX host there is a "
         "loop",
         "", true, set_own_addresses},
        {"delivery.source", texts, "",
         "names of the [[source]] that mail leaves from, unless its route names others", "", true,
         assign(&Settings::source_pool)},
        {"delivery.retry", durations, "[\"5m\", \"10m\", \"15m\", \"30m\", \"1h\", \"2h\", \"4h\"]",
         "waits between attempts; the last repeats", "", true, set_steps<&Settings::retry>},
        {"delivery.expire", duration, "\"5d\"", "when a message is given up", "", true,
         assign(&Settings::expire)},
        {"delivery.application_retry", durations,
         "[\"1m\", \"2m\", \"4m\", \"8m\", \"15m\", \"30m\", \"1h\"]",
         "the same for accounts of programs (account set --profile application)", "", true,
         set_steps<&Settings::application_retry>},
        {"delivery.application_expire", duration, "\"24h\"", "when their messages are given up", "",
         true, assign(&Settings::application_expire)},
        {"delivery.bulk_retry", durations, "[\"15m\", \"30m\", \"1h\", \"2h\", \"4h\", \"6h\"]",
         "the same for accounts that send newsletters (--profile bulk)", "", true,
         set_steps<&Settings::bulk_retry>},
        {"delivery.bulk_expire", duration, "\"48h\"", "when their messages are given up", "", true,
         assign(&Settings::bulk_expire)},
        {"delivery.report_retry", durations, "[\"30m\", \"1h\", \"2h\", \"4h\", \"6h\"]",
         "the same for delivery reports", "", true, set_steps<&Settings::report_retry>},
        {"delivery.report_expire", duration, "\"2d\"",
         "when a report is given up; never later than expire", "", true,
         assign(&Settings::report_expire)},
        {"delivery.shaping_file", path, "",
         "limits of your own for providers, sites and domains, over those shipped "
         "(docs/shaping.md)",
         "", true, assign(&Settings::shaping_file)},

        {"reports.tls", flag, "true",
         "tell domains that ask for it (_smtp._tls) once a day how TLS with their servers went: "
         "numbers of sessions, server names and addresses, ours too; no senders, recipients or "
         "content (RFC 8460)",
         "", true, assign(&Settings::tls_reports)},
        {"reports.tls_successes", flag, "true",
         "also when every session of the day went well; false: only failures", "", true,
         assign(&Settings::tls_report_successes)},
        {"reports.per_hour", number, "100",
         "delivery reports that an account gets in an hour; further ones come together in a digest",
         "", true, assign(&Settings::reports_per_hour)},
        {"reports.digest_every", duration, "\"1h\"",
         "how long after the first report that waits for it a digest is sent", "", true,
         set_digest_every},
        {"reports.language", choice, "en",
         "of reports, where neither the account nor the message says one", "en de fr es", true,
         set_report_language},
        {"suppression.answer", choice, "accept",
         "to a recipient on the account's suppression list: accept takes the message, sends that "
         "recipient nothing and reports it; refuse says 550 at once",
         "accept refuse", true, set_suppression_answer},
        {"history.days", number, "30",
         "days for which posthaste trace knows what became of mail; older ones are removed", "",
         true, set_history_days},
        {"history.size", size, "\"4 GB\"", "most that these days take on disk; the oldest go first",
         "", true, set_history_size},

        {"winmail.policy", choice, "notify",
         "the file in which Outlook wraps messages in Rich Text, which only Outlook reads: leave "
         "it, "
         "tell the sender how to stop it, or unpack it",
         "keep notify convert", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             s.winmail.policy = v.texts[0];
             return {};
         }},
        {"winmail.keep", texts, "",
         "domains of senders for whom it is left: \"example.com\", \".example.com\" (below it)", "",
         true, set_winmail_domains<&WinmailSettings::keep>},
        {"winmail.notify", texts, "", "... who are told, once a week at most", "", true,
         set_winmail_domains<&WinmailSettings::notify>},
        {"winmail.convert", texts, "",
         "... whose recipients get body and attachments in its place; never in signed mail", "",
         true, set_winmail_domains<&WinmailSettings::convert>},

        {"limits.message_size", size, "\"50 MB\"", "largest message", "", true,
         assign(&Settings::message_size)},
        {"limits.recipients", number, "1000", "recipients of one transaction", "", true,
         assign(&Settings::recipients)},
        {"limits.max_hold", text, "\"30d\"",
         "longest that a sender may have a message kept back (HOLDFOR, HOLDUNTIL); \"off\": not at "
         "all",
         "", true, set_max_hold},
        {"limits.connections", number, "20000", "connections at once", "", true,
         assign(&Settings::connections)},
        {"limits.connections_per_address", number, "100",
         "before login only; an IPv6 /64 counts as one address", "", true,
         assign(&Settings::connections_per_address)},
        {"limits.errors", number, "20", "bad commands, then the session ends", "", true,
         assign(&Settings::errors)},
        {"limits.command_timeout", duration, "\"5m\"",
         "silence between commands; 60s in all before login", "", true,
         assign(&Settings::command_timeout)},
        {"limits.data_timeout", duration, "\"3m\"", "silence inside a message", "", true,
         assign(&Settings::data_timeout)},
        {"limits.trusted_networks", texts, "",
         "never put off for failed logins, such as \"203.0.113.0/24\"; those of Microsoft, Google "
         "and Apple never are",
         "", true, set_trusted_networks},

        {"admin.address", text, "", "the same as admin above, for a file that has this section", "",
         true, set_admin},
        {"admin.socket", path, "", "default: admin.sock in the store's folder", "", true,
         assign(&Settings::admin_socket)},
        {"admin.user", text, "",
         "who to become after binding (default: the owner of the store's folder)", "", true,
         assign(&Settings::admin_user)},

        {"log.format", choice, "logfmt", "how log lines look on stderr", "logfmt json", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             s.log_format = v.texts[0] == "json" ? LogFormat::json : LogFormat::logfmt;
             return {};
         }},
    };
}

void insert_before(std::vector<Option>& options, std::string_view key, std::vector<Option> more) {
    const auto place = std::ranges::find(options, key, &Option::key);
    options.insert(place, std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
}

// Behind the keys of a route's own stand those that it shares with [relay].
const std::vector<Option>& table() {
    static const std::vector<Option> options = [] {
        auto all = own_options();
        insert_before(all, "route[].name", relay_options());
        insert_before(all, "source[].name", route_relay_options());
        return all;
    }();
    return options;
}

// The number before a unit; nothing unless it is plain decimal digits.
std::optional<std::uint64_t> leading_number(std::string_view& text) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

Result<std::uint64_t> with_unit(std::string_view text, std::span<const Unit> units,
                                std::string_view example) {
    auto rest = ascii::trim(text);
    auto number = leading_number(rest);
    auto unit = ascii::trim(rest);
    if (!number || unit.empty())
        return fail(ErrorKind::syntax, fmt::format("\"{}\" has no unit", text),
                    fmt::format("write it like {}", example));
    for (const auto& known : units) {
        if (!ascii::equals_ignore_case(unit, known.name)) continue;
        if (*number > (std::uint64_t{1} << 62) / known.factor)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is too much", text));
        return *number * known.factor;
    }
    return fail(ErrorKind::syntax, fmt::format("\"{}\" is no unit", unit),
                fmt::format("write it like {}", example));
}

}  // namespace

std::span<const Option> option_table() {
    return table();
}

const Option* find_option(std::string_view key) {
    for (const auto& option : table())
        if (option.key == key) return &option;
    return nullptr;
}

std::string environment_name(std::string_view key) {
    std::string name = "POSTHASTE_";
    for (char c : key) name.push_back(c == '.' ? '_' : ascii::upper(c));
    return name;
}

delivery::TlsLevel tls_level(std::string_view choice) {
    if (choice == "none") return delivery::TlsLevel::none;
    if (choice == "may") return delivery::TlsLevel::may;
    if (choice == "encrypt") return delivery::TlsLevel::encrypt;
    if (choice == "dane") return delivery::TlsLevel::dane;
    if (choice == "dane-only") return delivery::TlsLevel::dane_only;
    return delivery::TlsLevel::verify;
}

Result<Seconds> parse_duration(std::string_view text) {
    static constexpr Unit kUnits[] = {
        {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    PH_TRY(auto seconds, with_unit(text, kUnits, "\"90s\", \"5m\", \"2h\" or \"5d\""));
    if (seconds > 315'360'000)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is more than ten years", text));
    return Seconds(static_cast<std::int64_t>(seconds));
}

Result<std::uint64_t> parse_size(std::string_view text) {
    static constexpr Unit kUnits[] = {
        {"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}, {"octets", 1}, {"B", 1}};
    return with_unit(text, kUnits, "\"50 MB\" (1 MB = 1,048,576 octets)");
}

}  // namespace posthaste::app
