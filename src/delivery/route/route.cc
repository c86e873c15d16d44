#include "delivery/route/route.h"

#include "base/ascii.h"
#include "base/random.h"
#include "mail/mailbox.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

std::string name_hosts(const Route& route) {
    std::string text;
    for (std::size_t i = 0; i < route.hosts.size(); ++i) {
        const RelayHost& host = route.hosts[i];
        if (i > 0) text += host.group == route.hosts[i - 1].group ? ',' : '|';
        if (host.socket.empty())
            text += fmt::format("{}{}:{}", host.by_mx ? "mx:" : "", host.host, host.port);
        else
            text += "unix:" + host.socket;
    }
    return text;
}

// Who we are to a relay, beside the name that its site has: two that differ are two logins.
std::string identity_of(const Smarthost& host) {
    std::string text(host.password.reveal());
    text += fmt::format("\n{}\n{}", host.external, fmt::join(host.mechanisms, ","));
    if (host.identity) text += "\n" + host.identity->chain_pem;
    if (!host.oauth) return text;
    const OAuthSettings& oauth = *host.oauth;
    text += fmt::format("\n{}\n{}\n{}\n{}", static_cast<int>(oauth.grant), oauth.name(),
                        oauth.scope, oauth.client_secret.reveal());
    return text + oauth.certificate_pem;
}

Route make_route(const RouteRule& rule, std::size_t number) {
    Route route;
    route.kind = rule.kind;
    route.tls = rule.tls;
    route.name = rule.name.empty() ? fmt::format("route-{}", number) : rule.name;
    route.fallback = rule.fallback;
    route.fallback_after = std::max(rule.fallback_after, 1U);
    route.sources = rule.sources;
    route.families = rule.families;
    if (rule.kind == RouteRule::Kind::trap) route.site = "trap";
    if (rule.kind != RouteRule::Kind::smarthost || !rule.smarthost) return route;
    auto smarthost = std::make_shared<Smarthost>(*rule.smarthost);
    if (route.name != Routes::kDefault) smarthost->route = route.name;
    route.smarthost = std::move(smarthost);
    route.tls = rule.smarthost->tls;
    route.hosts = rule.hosts;
    if (route.hosts.empty()) route.hosts = {{rule.smarthost->host, rule.smarthost->port, false, 0}};
    for (RelayHost& host : route.hosts)
        if (host.socket.empty()) host.host = ascii::to_lower(host.host);
    // Two logins, or two levels of TLS, at one relay are two sites: nothing is shared between them.
    route.site = (rule.smarthost->lmtp ? "lmtp:" : "relay:") + name_hosts(route);
    if (!rule.smarthost->username.empty()) route.site += "/" + rule.smarthost->username;
    if (route.tls == TlsLevel::none) route.site += " tls=none";
    if (route.tls == TlsLevel::may) route.site += " tls=may";
    if (route.tls == TlsLevel::encrypt) route.site += " tls=encrypt";
    return route;
}

std::string in_words(const RouteRule& rule) {
    if (rule.name == Routes::kDefault) return "what no rule of the file names";
    std::string text;
    const auto add = [&](std::string_view what, const std::vector<std::string>& names) {
        if (names.empty()) return;
        if (!text.empty()) text += ", ";
        text += fmt::format("{} {}", what, fmt::join(names, " or "));
    };
    add("to", rule.to);
    add("from", rule.from);
    add("by account", rule.accounts);
    return text.empty() ? "only for those that name it" : "mail " + text;
}

bool is_plain_mx(const Route& route) {
    return route.tls == TlsLevel::may && route.fallback.empty() && route.sources.empty() &&
           route.families == AddressFamilies::v4_first;
}

}  // namespace

Routes::Routes(const std::vector<RouteRule>& rules) {
    for (const RouteRule& given : rules) {
        Rule rule;
        for (const std::string& to : given.to) rule.to.push_back(parse(to));
        for (const std::string& from : given.from) rule.from.push_back(parse_sender(from));
        for (const std::string& account : given.accounts) {
            auto mailbox = mail::Mailbox::parse(account);
            rule.accounts.push_back(mailbox ? mailbox->key() : ascii::to_lower(account));
        }
        rule.route = routes_.size();
        rule.by_name = rule.to.empty() && rule.from.empty() && rule.accounts.empty();
        by_origin_ |= !rule.from.empty() || !rule.accounts.empty();
        rules_.push_back(std::move(rule));
        routes_.push_back(make_route(given, rules_.size()));
        routes_.back().rule = in_words(given);
    }
    Rule rest;
    rest.to.push_back({Pattern::Kind::all, {}});
    rest.route = routes_.size();
    rules_.push_back(std::move(rest));
    routes_.push_back(Route{});
    routes_.back().name = kDirect;
    routes_.back().rule = "straight to the MX hosts";
    for (std::size_t i = 0; i < routes_.size(); ++i) names_.try_emplace(routes_[i].name, i);
    set_sites_apart();
}

// Routes that treat one host differently, or are somebody else to it, do not share its connections.
void Routes::set_sites_apart() {
    using Manner =
        std::tuple<std::string, std::string, std::string, unsigned, std::vector<std::string>,
                   AddressFamilies, std::size_t, std::size_t, bool, std::size_t>;
    std::map<std::string, Manner> seen;
    for (Route& route : routes_) {
        if (route.kind == RouteRule::Kind::mx) {
            if (!is_plain_mx(route)) route.mark = " route=" + route.name;
            continue;
        }
        if (!route.smarthost) continue;
        const Smarthost& host = *route.smarthost;
        Manner manner{host.ca_file,         identity_of(host),
                      route.fallback,       route.fallback_after,
                      route.sources,        route.families,
                      host.max_connections, host.max_recipients,
                      host.implicit_tls,    host.max_messages_a_minute};
        const auto [known, is_new] = seen.try_emplace(route.site, manner);
        if (!is_new && known->second != manner) route.site += " route=" + route.name;
    }
}

Routes::Pattern Routes::parse(const std::string& text) {
    if (text == "*") return {Pattern::Kind::all, {}};
    const bool below = text.starts_with('.');
    const std::string name = below ? text.substr(1) : text;
    auto domain = mail::Domain::parse(name);
    return {below ? Pattern::Kind::below : Pattern::Kind::exact,
            domain ? domain->ascii() : ascii::to_lower(name)};
}

Routes::Pattern Routes::parse_sender(const std::string& text) {
    if (text == "<>") return {Pattern::Kind::null_sender, {}};
    if (text.find('@') == text.npos) return parse(text);
    auto mailbox = mail::Mailbox::parse(text);
    return {Pattern::Kind::address, mailbox ? mailbox->key() : ascii::to_lower(text)};
}

bool Routes::Pattern::matches_domain(std::string_view name) const {
    switch (kind) {
        case Kind::all:
            return true;
        case Kind::exact:
            return name == text;
        case Kind::below:
            return name.size() > text.size() + 1 && name.ends_with(text) &&
                   name[name.size() - text.size() - 1] == '.';
        case Kind::address:
        case Kind::null_sender:
            return false;
    }
    return false;
}

bool Routes::matches(const Rule& rule, std::string_view domain, const Sender& sender) {
    if (rule.by_name) return false;
    if (!rule.to.empty() && std::ranges::none_of(rule.to, [&](const Pattern& to) {
            return to.matches_domain(domain);
        })) {
        return false;
    }
    if (rule.from.empty() && rule.accounts.empty()) return true;
    if (!sender.known) return false;
    if (!rule.accounts.empty() &&
        std::ranges::find(rule.accounts, sender.account) == rule.accounts.end()) {
        return false;
    }
    return rule.from.empty() || std::ranges::any_of(rule.from, [&](const Pattern& from) {
               if (from.kind == Pattern::Kind::address) return from.text == sender.key;
               if (from.kind == Pattern::Kind::null_sender) return sender.key.empty();
               return !sender.key.empty() && from.matches_domain(sender.domain);
           });
}

Routes::Sender Routes::read(const queue::Origin& origin) const {
    Sender sender;
    if (!by_origin_) return sender;
    sender.known = true;
    sender.account = ascii::to_lower(origin.account);
    if (auto login = mail::Mailbox::parse(origin.account)) sender.account = login->key();
    if (auto mailbox = mail::Mailbox::parse(origin.sender)) {
        sender.key = mailbox->key();
        sender.domain = mailbox->domain().ascii();
    }
    return sender;
}

const Route& Routes::first_match(std::string_view domain, const Sender& sender, Holds holds) const {
    for (const Rule& rule : rules_) {
        const Route& route = routes_[rule.route];
        if (holds == Holds::passed && route.kind == RouteRule::Kind::hold) continue;
        if (matches(rule, domain, sender)) return route;
    }
    return routes_.back();
}

const Route& Routes::choose(const mail::Domain& domain, const queue::Origin& origin,
                            Holds holds) const {
    if (const Route* chosen = find(origin.route)) {
        const bool passed = holds == Holds::passed && chosen->kind == RouteRule::Kind::hold;
        if (!passed) return *chosen;
    }
    const bool has_origin = !origin.sender.empty() || !origin.account.empty();
    return first_match(domain.ascii(), has_origin ? read(origin) : Sender(), holds);
}

std::string Routes::class_of(std::string_view domain, const queue::Origin& origin) const {
    if (const Route* chosen = find(origin.route)) return chosen->name;
    if (!by_origin_) return {};
    const Sender sender = read(origin);
    const Route& route = first_match(domain, sender, Holds::kept);
    const Route& usual = first_match(domain, {}, Holds::kept);
    if (route.kind != RouteRule::Kind::hold) return &route == &usual ? "" : route.name;
    const Route& released = first_match(domain, sender, Holds::passed);
    const Route& usually_released = first_match(domain, {}, Holds::passed);
    if (&route == &usual && &released == &usually_released) return {};
    return route.name + ">" + released.name;
}

Routes::Choice Routes::choice(const mail::Domain& domain, std::string_view route_class) const {
    const auto arrow = route_class.find('>');
    Choice choice;
    choice.route = find(route_class.substr(0, arrow));
    if (arrow != route_class.npos) choice.released = find(route_class.substr(arrow + 1));
    if (choice.route == nullptr) choice.route = &first_match(domain.ascii(), {}, Holds::kept);
    if (choice.route->kind != RouteRule::Kind::hold) {
        choice.released = choice.route;
    } else if (choice.released == nullptr) {
        choice.released = &first_match(domain.ascii(), {}, Holds::passed);
    }
    return choice;
}

const Route* Routes::find(std::string_view name) const {
    if (name.empty()) return nullptr;
    const auto found = names_.find(std::string(name));
    return found == names_.end() ? nullptr : &routes_[found->second];
}

std::vector<RelayHost> shuffle(const std::vector<RelayHost>& hosts) {
    std::vector<RelayHost> order = hosts;
    for (auto begin = order.begin(); begin != order.end();) {
        const auto end = std::find_if(
            begin, order.end(), [&](const RelayHost& host) { return host.group != begin->group; });
        for (auto left = static_cast<std::size_t>(end - begin); left > 1; --left) {
            std::iter_swap(begin + static_cast<std::ptrdiff_t>(left - 1),
                           begin + static_cast<std::ptrdiff_t>(random_below(left)));
        }
        begin = end;
    }
    return order;
}

}  // namespace posthaste::delivery
