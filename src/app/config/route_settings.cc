#include "app/config/route_settings.h"

#include "app/config/host_port.h"
#include "app/config/options/relay_options.h"
#include "base/levenshtein.h"
#include "base/utf8.h"
#include "delivery/route/route.h"
#include "mail/domain.h"
#include "mail/mailbox.h"
#include "smtp/date_time.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

constexpr std::uint16_t kSmtp = 25;
constexpr std::uint16_t kSubmissions = 465;
constexpr std::size_t kLongestName = 40;

Result<void> check_domains(const std::vector<std::string>& domains) {
    constexpr std::string_view kForms =
        "write \"example.net\", \".example.net\" for all below it, or \"*\"";
    if (domains.empty())
        return fail(ErrorKind::syntax, "this route is for no domain", std::string(kForms));
    for (std::string_view domain : domains) {
        if (domain == "*") continue;
        const auto name = domain.starts_with('.') ? domain.substr(1) : domain;
        if (!mail::Domain::parse(name))
            return fail(ErrorKind::syntax,
                        fmt::format("\"{}\" is no domain", utf8::printable(domain, 80)),
                        std::string(kForms));
    }
    return {};
}

Result<void> check_senders(const std::vector<std::string>& senders) {
    constexpr std::string_view kForms =
        "write \"anna@example.com\", \"example.com\", \".example.com\" for all below it, or \"<>\" "
        "for reports";
    if (senders.empty())
        return fail(ErrorKind::syntax, "this route is for no sender", std::string(kForms));
    for (std::string_view sender : senders) {
        if (sender == "<>" || sender == "*") continue;
        const bool ok =
            sender.contains('@')
                ? mail::Mailbox::parse(sender).has_value()
                : mail::Domain::parse(sender.starts_with('.') ? sender.substr(1) : sender)
                      .has_value();
        if (!ok)
            return fail(ErrorKind::syntax,
                        fmt::format("\"{}\" is neither an address nor a domain",
                                    utf8::printable(sender, 80)),
                        std::string(kForms));
    }
    return {};
}

Result<void> check_accounts(const std::vector<std::string>& accounts) {
    for (const std::string& account : accounts)
        if (!mail::Mailbox::parse(account))
            return fail(ErrorKind::syntax,
                        fmt::format("\"{}\" is no account", utf8::printable(account, 80)),
                        "an account is named by its address: \"anna@example.com\"");
    if (accounts.empty())
        return fail(ErrorKind::syntax, "this route is for no account",
                    "name them by their addresses, or leave the key out");
    return {};
}

// Names stand in log lines, commands and routing keys: one word.
Result<void> check_name(std::string_view name, bool route) {
    constexpr std::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (name.empty() || name.size() > kLongestName || name.find_first_not_of(kLetters) != name.npos)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no name", utf8::printable(name, 60)),
                    "a name is one word of letters, digits, '-', '_' and '.', at most 40 of them");
    if (route && (name == "default" || name == "rules" || name == "mx"))
        return fail(ErrorKind::syntax, fmt::format("the name \"{}\" is taken", name),
                    "commands call the way of all other mail \"default\", delivery to MX hosts "
                    "\"mx\", and the choice by these rules \"rules\"");
    return {};
}

Result<delivery::RelayHost> parse_by_mx(std::string_view text) {
    std::string_view name = text.substr(3);
    std::string with_port(name);
    if (name.rfind(':') == name.npos) with_port += fmt::format(":{}", kSmtp);
    PH_TRY(auto parsed, parse_host_port(with_port));
    if (IpAddress::parse(parsed.host))
        return fail(ErrorKind::syntax, fmt::format("\"{}\": an address has no MX records", text),
                    "leave out \"mx:\"");
    return delivery::RelayHost{parsed.host, parsed.port, true, 0};
}

constexpr std::string_view kLmtp = "lmtp:";
constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kLongestSocket = 107;  // sockaddr_un has room for that

// Behind "lmtp:": "host:port" or "unix:/path".
Result<delivery::RelayHost> parse_lmtp(std::string_view text) {
    if (!text.starts_with(kUnix)) {
        PH_TRY(auto parsed, parse_host_port(text));
        return delivery::RelayHost{parsed.host, parsed.port, false, 0};
    }
    const std::string_view path = text.substr(kUnix.size());
    if (!path.starts_with('/') || path.size() > kLongestSocket)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no path of a socket", path),
                    "write it like \"lmtp:unix:/run/dovecot/lmtp\", with at most 107 octets");
    return delivery::RelayHost{std::string(text), 0, false, 0, std::string(path)};
}

Result<void> set_via(RouteSettings& route, const std::vector<std::string>& via) {
    const bool word = via.size() == 1 && (via[0] == "mx" || via[0] == "trap" || via[0] == "hold");
    if (!word) {
        PH_CHECK(parse_relay_hosts(via));
    }
    route.via = via;
    return {};
}

Result<void> set_families(RouteSettings& route, const std::string& text) {
    using enum delivery::AddressFamilies;
    route.families = text == "v4"      ? v4_only
                     : text == "v6"    ? v6_only
                     : text == "v6,v4" ? v6_first
                                       : v4_first;
    return {};
}

// Whether its mail goes to hosts that a person named.
bool is_relay(const RouteSettings& route) {
    return !route.via.empty() && route.via[0] != "mx" && route.via[0] != "trap" &&
           route.via[0] != "hold";
}

// Of the texts in "via", how many name an LMTP server, and how many hosts there are.
std::pair<std::size_t, std::size_t> count_lmtp(const RouteSettings& route) {
    std::size_t lmtp = 0, all = 0;
    for (std::string_view text : route.via) {
        for (std::size_t at = 0; at < text.size();) {
            const auto space = std::min(text.find(' ', at), text.size());
            const auto one = text.substr(at, space - at);
            at = space + 1;
            if (one.empty()) continue;
            ++all;
            lmtp += one.starts_with(kLmtp) ? 1 : 0;
        }
    }
    return {lmtp, all};
}

// What is wrong with the whole.
class Check {
  public:
    explicit Check(const Settings& settings) : settings_(settings) {
        for (const auto& source : settings.sources) sources_.push_back(source.name);
        for (const auto& route : settings.routes)
            if (!route.name.empty()) routes_.push_back(route.name);
    }

    std::vector<RouteMistake> run() {
        for (std::size_t i = 0; i < settings_.sources.size(); ++i) check_source(i);
        for (std::size_t i = 0; i < settings_.routes.size(); ++i) {
            check_route(i);
            check_login(i);
            check_fallback(i);
        }
        return std::move(mistakes_);
    }

  private:
    void say(bool of_source, std::size_t index, std::string text, std::string mend) {
        mistakes_.push_back({of_source, index, {}, std::move(text), std::move(mend)});
    }

    void check_source(std::size_t i) {
        const SourceSettings& source = settings_.sources[i];
        if (!source.v4 && !source.v6)
            say(true, i, fmt::format("source \"{}\" has no address", source.name),
                "write address = \"192.0.2.1\", or a list with one of IPv4 and one of IPv6");
        if (source.warm_up == 0 && (source.warm_up_until > 0 || source.warm_up_since))
            say(true, i, fmt::format("source \"{}\" has no warm_up", source.name),
                "write warm_up = 50: so many recipients at each provider on the first day");
        if (source.warm_up_until > 0 && source.warm_up_until <= source.warm_up)
            say(true, i,
                fmt::format("warm_up_until of source \"{}\" is not above warm_up", source.name),
                "it is the number of a day at which the address is warm: 10000");
        for (std::size_t j = 0; j < i; ++j) {
            const SourceSettings& other = settings_.sources[j];
            if (other.name == source.name)
                say(true, i, fmt::format("two sources are called \"{}\"", source.name),
                    "give each its own name");
            if ((source.v4 && source.v4 == other.v4) || (source.v6 && source.v6 == other.v6))
                say(true, i,
                    fmt::format("sources \"{}\" and \"{}\" have the same address", other.name,
                                source.name),
                    "one address is one source: leave one of them out");
        }
    }

    void check_route(std::size_t i) {
        const RouteSettings& route = settings_.routes[i];
        const bool for_nobody = route.to.empty() && route.from.empty() && route.accounts.empty();
        if (for_nobody && route.name.empty())
            say(false, i,
                "this route is for nobody: it has no \"to\", \"from\", \"account\" or "
                "\"name\"",
                "name its domains: to = [\"example.net\"]");
        for (std::size_t j = 0; j < i; ++j)
            if (!route.name.empty() && settings_.routes[j].name == route.name)
                say(false, i, fmt::format("two routes are called \"{}\"", route.name),
                    "give each its own name");
        for (const std::string& name : route.sources)
            if (std::ranges::find(sources_, name) == sources_.end())
                say(false, i, fmt::format("no [[source]] is called \"{}\"", name),
                    like(name, sources_));
        const bool leaves = route.via.empty() || (route.via[0] != "trap" && route.via[0] != "hold");
        if (!leaves && (!route.sources.empty() || !route.fallback.empty()))
            say(false, i,
                fmt::format("mail of via = \"{}\" does not leave: \"source\" and \"fallback\" mean "
                            "nothing there",
                            route.via[0]),
                "leave them out");
    }

    void check_login(std::size_t i) {
        const RouteSettings& route = settings_.routes[i];
        if (!is_relay(route)) {
            if (!route.via.empty() && names_relay(route.login))
                say(false, i,
                    "only a relay is logged in to, has limits of its own or a certificate to check",
                    "leave out what belongs to a login, or name the host: via = "
                    "\"smtp.provider.net:587\"");
            return;
        }
        check_lmtp(i);
        for (const RelayMistake& found : relay_mistakes(route.login))
            mistakes_.push_back({false, i, "route[]." + found.key, found.text, found.mend});
        if (!route.login.implicit_tls) check_ports(i);
    }

    void check_lmtp(std::size_t i) {
        const RouteSettings& route = settings_.routes[i];
        const auto [lmtp, all] = count_lmtp(route);
        if (lmtp > 0 && lmtp < all)
            say(false, i, "LMTP is another protocol than SMTP, and \"via\" names hosts of both",
                "name hosts of one kind, and the others in a route of their own that is its "
                "fallback");
        const auto hosts = parse_relay_hosts(route.via);
        if (lmtp == 0 || !hosts) return;
        const bool socket = std::ranges::any_of(
            *hosts, [](const delivery::RelayHost& host) { return !host.socket.empty(); });
        if (socket && route.login.tls != delivery::TlsLevel::none)
            say(false, i, "there is no TLS over a socket of this machine", "leave out \"tls\"");
        if (socket && route.login.auth != "none")
            say(false, i, "nobody logs in over a socket of this machine",
                "leave out what belongs to a login; the socket's file rights say who may deliver");
    }

    // TLS from the first octet is of the route, and port 465 means it.
    void check_ports(std::size_t i) {
        const auto hosts = parse_relay_hosts(settings_.routes[i].via);
        if (!hosts) return;  // told already
        const auto implicit = std::ranges::count(*hosts, kSubmissions, &delivery::RelayHost::port);
        if (implicit > 0 && static_cast<std::size_t>(implicit) < hosts->size())
            say(false, i, "port 465 speaks TLS from the first octet and the others do not",
                "name hosts of one kind, and the others in a route of their own that is its "
                "fallback");
    }

    void check_fallback(std::size_t i) {
        const RouteSettings& route = settings_.routes[i];
        if (route.fallback.empty()) {
            if (route.fallback_after)
                say(false, i, "\"fallback_after\" without \"fallback\"",
                    "name the route that takes over: fallback = \"…\"");
            return;
        }
        if (route.fallback == "mx" || route.fallback == "default") return;
        if (std::ranges::find(routes_, route.fallback) == routes_.end()) {
            say(false, i, fmt::format("no [[route]] is called \"{}\"", route.fallback),
                like(route.fallback, routes_));
            return;
        }
        const RouteSettings* next = find(route.fallback);
        if (!next->via.empty() && (next->via[0] == "trap" || next->via[0] == "hold"))
            say(false, i, fmt::format("mail of the fallback \"{}\" does not leave", route.fallback),
                "name a route to a host or to \"mx\"");
        // A chain that comes back would try the dead host for ever.
        const RouteSettings* at = &route;
        for (std::size_t steps = 0; at != nullptr && !at->fallback.empty(); ++steps) {
            if (steps > settings_.routes.size() || at->fallback == route.name) {
                say(false, i,
                    fmt::format("the fallback of route \"{}\" leads back to it", route.name),
                    "let the last of them have no fallback");
                return;
            }
            at = find(at->fallback);
        }
    }

    const RouteSettings* find(const std::string& name) const {
        for (const auto& route : settings_.routes)
            if (route.name == name) return &route;
        return nullptr;
    }

    static std::string like(const std::string& name, const std::vector<std::string>& known) {
        const std::vector<std::string_view> views(known.begin(), known.end());
        if (auto near = closest(name, views)) return fmt::format("did you mean \"{}\"?", *near);
        if (known.empty()) return "give one that name";
        return fmt::format("there is: {}", fmt::join(known, ", "));
    }

    const Settings& settings_;
    std::vector<std::string> sources_, routes_;
    std::vector<RouteMistake> mistakes_;
};

}  // namespace

Result<std::vector<delivery::RelayHost>> parse_relay_hosts(const std::vector<std::string>& via) {
    std::vector<delivery::RelayHost> hosts;
    unsigned group = 0;
    for (const std::string& text : via) {
        std::string_view rest = text;
        while (!rest.empty()) {
            const auto space = std::min(rest.find(' '), rest.size());
            const auto one = rest.substr(0, space);
            rest.remove_prefix(std::min(space + 1, rest.size()));
            if (one.empty()) continue;
            delivery::RelayHost host;
            if (one.starts_with("mx:")) {
                PH_TRY(host, parse_by_mx(one));
            } else if (one.starts_with(kLmtp)) {
                PH_TRY(host, parse_lmtp(one.substr(kLmtp.size())));
            } else {
                PH_TRY(auto parsed, parse_host_port(one));
                host = {parsed.host, parsed.port, false, 0};
            }
            host.group = group;
            if (std::ranges::any_of(hosts, [&](const auto& other) {
                    return other.host == host.host && other.port == host.port;
                }))
                return fail(ErrorKind::syntax, fmt::format("\"{}\" is named twice", one),
                            "name each host once");
            hosts.push_back(std::move(host));
        }
        ++group;
    }
    if (hosts.empty())
        return fail(ErrorKind::syntax, "no next hop is named",
                    "write \"host:port\", \"mx\", \"trap\" or \"hold\"");
    return hosts;
}

Result<void> set_route(RouteSettings& route, std::string_view key, const OptionValue& value) {
    key.remove_prefix(std::string_view("route[].").size());
    const auto& texts = value.texts;
    if (key == "to") {
        PH_CHECK(check_domains(texts));
        route.to = texts;
    } else if (key == "name") {
        PH_CHECK(check_name(texts[0], true));
        route.name = texts[0];
    } else if (key == "from") {
        PH_CHECK(check_senders(texts));
        route.from = texts;
    } else if (key == "account") {
        PH_CHECK(check_accounts(texts));
        route.accounts = texts;
    } else if (key == "via") {
        auto set = set_via(route, texts);
        if (!set)
            return fail(
                ErrorKind::syntax,
                fmt::format("\"{}\" is no next hop: {}",
                            texts.empty() ? "" : utf8::printable(texts[0], 80), set.error().text),
                "write \"host:port\", \"lmtp:host:port\", \"lmtp:unix:/path\", \"mx\", \"trap\" "
                "or \"hold\"");
    } else if (key == "tls") {
        route.tls = tls_level(texts[0]);
    } else if (key == "fallback") {
        route.fallback = texts[0];
    } else if (key == "fallback_after") {
        if (value.numbers[0] < 1 || value.numbers[0] > 100)
            return fail(ErrorKind::syntax, "fallback_after is 1 to 100 attempts");
        route.fallback_after = static_cast<unsigned>(value.numbers[0]);
    } else if (key == "source") {
        route.sources = texts;
    } else if (key == "family") {
        PH_CHECK(set_families(route, texts[0]));
    } else if (const RelayKey* known = find_relay_key(key)) {
        PH_CHECK(known->set(route.login, value));
    }
    return {};
}

void complete_route(RouteSettings& route, std::size_t number) {
    RelaySettings& login = route.login;
    login.route = route.name.empty() ? fmt::format("route-{}", number) : route.name;
    login.tls = route.tls.value_or(delivery::TlsLevel::verify);
    if (is_relay(route)) {
        const auto hosts = parse_relay_hosts(route.via);
        if (!hosts) return;  // told already
        auto first = hosts->front();
        login.lmtp = count_lmtp(route).first > 0;
        // Mostly on this machine or beside it, with no certificate that anybody could verify.
        if (login.lmtp && !route.tls)
            login.tls = first.socket.empty() ? delivery::TlsLevel::may : delivery::TlsLevel::none;
        if (!first.socket.empty()) first = {"localhost", 24, false, 0};  // it names a login alone
        const bool bare_v6 = first.host.contains(':');
        login.host = fmt::format("{}{}{}:{}", bare_v6 ? "[" : "", first.host, bare_v6 ? "]" : "",
                                 first.port);
    }
    complete_relay(login);
    if (route.via.empty() && !login.host.empty()) route.via = {login.host};
}

std::vector<NamedRelay> named_relays(const Settings& settings) {
    std::vector<NamedRelay> relays;
    for (const RouteSettings& route : settings.routes)
        if (is_relay(route) && (!route.login.lmtp || route.login.auth != "none"))
            relays.push_back({route.login.route, route.login});
    if (!settings.relay.host.empty())
        relays.push_back({std::string(delivery::Routes::kDefault), settings.relay});
    return relays;
}

namespace {

Result<std::optional<Timestamp>> read_day(const std::string& text) {
    const auto day = smtp::parse_date_time(text + "T00:00:00Z");
    if (!day || text.size() != 10 || *day > now())
        return fail(ErrorKind::syntax,
                    fmt::format("\"{}\" is no day until today", utf8::printable(text, 40)),
                    "write it like \"2026-11-01\"");
    return day;
}

}  // namespace

Result<void> set_source(SourceSettings& source, std::string_view key, const OptionValue& value) {
    key.remove_prefix(std::string_view("source[].").size());
    if (key == "name") {
        PH_CHECK(check_name(value.texts[0], false));
        source.name = value.texts[0];
    } else if (key == "ehlo") {
        PH_TRY(auto domain, mail::Domain::parse(value.texts[0]));
        if (domain.is_literal())
            return fail(ErrorKind::syntax, "a host name is needed, not an address");
        source.ehlo = domain.ascii();
    } else if (key == "weight") {
        if (value.numbers[0] < 1 || value.numbers[0] > 1000)
            return fail(ErrorKind::syntax, "a weight is 1 to 1000");
        source.weight = static_cast<unsigned>(value.numbers[0]);
    } else if (key == "warm_up" || key == "warm_up_until") {
        if (value.numbers[0] < 1 || value.numbers[0] > 100'000'000)
            return fail(ErrorKind::syntax, fmt::format("{} is 1 to 100000000 recipients", key));
        (key == "warm_up" ? source.warm_up : source.warm_up_until) =
            static_cast<std::uint64_t>(value.numbers[0]);
    } else if (key == "warm_up_since") {
        PH_TRY(source.warm_up_since, read_day(value.texts[0]));
    } else if (key == "address") {
        for (const std::string& text : value.texts) {
            const auto address = IpAddress::parse(text);
            if (!address || address->is_unspecified() || address->is_multicast())
                return fail(
                    ErrorKind::syntax,
                    fmt::format("\"{}\" is no address to send from", utf8::printable(text, 60)),
                    "write one of this machine's: \"192.0.2.1\" or \"2001:db8::1\"");
            auto& family = address->is_v4() ? source.v4 : source.v6;
            if (family)
                return fail(ErrorKind::syntax, "a source has one address of each family at most",
                            "write a [[source]] for each");
            family = *address;
        }
    }
    return {};
}

std::vector<RouteMistake> check_routes(const Settings& settings) {
    return Check(settings).run();
}

}  // namespace posthaste::app
