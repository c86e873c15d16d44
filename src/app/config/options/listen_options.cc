#include "app/config/host_port.h"
#include "app/config/options/option_blocks.h"
#include "app/config/options/option_setters.h"
#include "base/ip.h"
#include "mail/mailbox.h"

#include <fmt/format.h>

namespace posthaste::app {

namespace {

using enum OptionType;

Result<void> set_hostname(Settings& s, const OptionValue& v) {
    PH_TRY(auto domain, mail::Domain::parse(v.texts[0]));
    if (domain.is_literal())
        return fail(ErrorKind::syntax, "a host name is needed, not an address");
    s.hostname = domain.ascii();
    return {};
}

Result<void> set_submission(Settings& s, const OptionValue& v) {
    s.submission.clear();
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

Result<void> set_legacy_allow(Settings& s, const OptionValue& v) {
    s.legacy.allow.clear();
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

}  // namespace

std::vector<Option> server_options() {
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
    };
}

std::vector<Option> listen_options() {
    return {
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
    };
}

}  // namespace posthaste::app
