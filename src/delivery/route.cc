#include "delivery/route.h"

#include "base/ascii.h"

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

Route make_route(const RouteRule& rule) {
    Route route;
    route.kind = rule.kind;
    route.tls = rule.tls;
    if (rule.kind == RouteRule::Kind::trap) route.site = "trap";
    if (rule.kind != RouteRule::Kind::smarthost || !rule.smarthost) return route;
    route.smarthost = std::make_shared<const Smarthost>(*rule.smarthost);
    route.tls = rule.smarthost->tls;
    const std::string host = ascii::to_lower(rule.smarthost->host);
    // Two logins, or two levels of TLS, at one relay are two sites: nothing is shared between them.
    route.site = fmt::format("relay:{}:{}", host, rule.smarthost->port);
    if (!rule.smarthost->username.empty()) route.site += "/" + rule.smarthost->username;
    if (rule.smarthost->external) route.site += " certificate";
    if (route.tls == TlsLevel::none) route.site += " tls=none";
    if (route.tls == TlsLevel::may) route.site += " tls=may";
    if (route.tls == TlsLevel::encrypt) route.site += " tls=encrypt";
    return route;
}

}  // namespace

Routes::Routes(const std::vector<RouteRule>& rules) {
    for (const RouteRule& rule : rules) {
        for (const std::string& to : rule.to) patterns_.push_back(parse(to, routes_.size()));
        routes_.push_back(make_route(rule));
    }
    patterns_.push_back({Pattern::Kind::all, {}, routes_.size()});
    routes_.push_back(Route{});
}

Routes::Pattern Routes::parse(const std::string& text, std::size_t route) {
    if (text == "*") return {Pattern::Kind::all, {}, route};
    const bool below = text.starts_with('.');
    const std::string name = below ? text.substr(1) : text;
    auto domain = mail::Domain::parse(name);
    return {below ? Pattern::Kind::below : Pattern::Kind::exact,
            domain ? domain->ascii() : ascii::to_lower(name), route};
}

bool Routes::Pattern::matches(std::string_view name) const {
    switch (kind) {
        case Kind::all:
            return true;
        case Kind::exact:
            return name == domain;
        case Kind::below:
            return name.size() > domain.size() + 1 && name.ends_with(domain) &&
                   name[name.size() - domain.size() - 1] == '.';
    }
    return false;
}

const Route& Routes::choose(const mail::Domain& domain, Holds holds) const {
    for (const Pattern& pattern : patterns_) {
        const Route& route = routes_[pattern.route];
        if (holds == Holds::passed && route.kind == RouteRule::Kind::hold) continue;
        if (pattern.matches(domain.ascii())) return route;
    }
    return routes_.back();
}

}  // namespace posthaste::delivery
