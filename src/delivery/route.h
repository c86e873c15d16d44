// Route: the first rule that names a domain decides where its mail goes (delivery.md 1.1).
#pragma once

#include "delivery/delivery.h"
#include "mail/domain.h"

#include <memory>
#include <string>
#include <vector>

namespace posthaste::delivery {

struct Route {
    RouteRule::Kind kind = RouteRule::Kind::mx;
    std::shared_ptr<const Smarthost> smarthost;  // of that kind only
    TlsLevel tls = TlsLevel::may;
    std::string site;  // of smarthosts and the trap: stable, readable
};

// Made once, read by every worker.
class Routes {
  public:
    explicit Routes(const std::vector<RouteRule>& rules);

    enum class Holds { kept, passed };  // passed: as if the rules that say hold were not there

    // Never fails: what no rule names goes to MX hosts.
    const Route& choose(const mail::Domain& domain, Holds holds = Holds::kept) const;

    const std::vector<Route>& all() const { return routes_; }

  private:
    struct Pattern {
        enum class Kind { exact, below, all } kind = Kind::all;

        std::string domain;
        std::size_t route = 0;

        bool matches(std::string_view name) const;
    };

    static Pattern parse(const std::string& text, std::size_t route);

    std::vector<Route> routes_;
    std::vector<Pattern> patterns_;
};

}  // namespace posthaste::delivery
