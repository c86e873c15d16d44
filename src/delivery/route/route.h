// Route: the way that mail takes, and the rules that choose it for a recipient (delivery.md 1.1): a
// person's word first, then the rules in the order of the file, the first that matches.
#pragma once

#include "delivery/delivery.h"
#include "mail/domain.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace posthaste::delivery {

struct Route {
    RouteRule::Kind kind = RouteRule::Kind::mx;
    std::shared_ptr<const Smarthost> smarthost;  // of that kind only
    TlsLevel tls = TlsLevel::may;
    std::string site;  // of smarthosts and the trap: stable, readable
    std::string name;
    std::string rule;              // what leads here, in words
    std::vector<RelayHost> hosts;  // of smarthosts, by group; never empty there
    // What sets its site apart from that of other routes to the same MX hosts; may be empty.
    std::string mark;
    std::string fallback;
    unsigned fallback_after = 1;
    std::vector<std::string> sources;
    AddressFamilies families = AddressFamilies::v4_first;
};

// Made once, read by every worker.
class Routes {
  public:
    explicit Routes(const std::vector<RouteRule>& rules);

    enum class Holds { kept, passed };  // passed: as if the rules that say hold were not there

    // Never fails: what no rule names goes to MX hosts. An origin without sender and account gets
    // what the domain alone leads to.
    const Route& choose(const mail::Domain& domain, const queue::Origin& origin = {},
                        Holds holds = Holds::kept) const;

    // What queue::Courier::route_for has to say: empty, the name of a route, or, behind a rule that
    // holds, "NAME>NAME" with the one that mail takes once a person has released it.
    std::string class_of(std::string_view domain, const queue::Origin& origin) const;

    // The two routes of a domain and what `class_of` said.
    struct Choice {
        const Route* route = nullptr;
        const Route* released = nullptr;
    };

    Choice choice(const mail::Domain& domain, std::string_view route_class) const;

    const Route* find(std::string_view name) const;  // null if there is none of that name

    const std::vector<Route>& all() const { return routes_; }

    static constexpr std::string_view kDefault = "default";  // the last rule of the configuration
    static constexpr std::string_view kDirect = "mx";        // what is left when none matches

  private:
    struct Pattern {
        enum class Kind { exact, below, all, address, null_sender } kind = Kind::all;

        std::string text;

        bool matches_domain(std::string_view name) const;
    };

    struct Rule {
        std::vector<Pattern> to, from;
        std::vector<std::string> accounts;
        std::size_t route = 0;
        bool by_name = false;
    };

    // What an origin says, parsed once for all rules.
    struct Sender {
        std::string key;  // the address, as Mailbox::key() has it; empty: the null sender
        std::string domain;
        std::string account;
        bool known = false;  // false: there is no origin
    };

    static Pattern parse(const std::string& text);
    static Pattern parse_sender(const std::string& text);
    static bool matches(const Rule& rule, std::string_view domain, const Sender& sender);
    void set_sites_apart();
    Sender read(const queue::Origin& origin) const;
    const Route& first_match(std::string_view domain, const Sender& sender, Holds holds) const;

    std::vector<Route> routes_;
    std::vector<Rule> rules_;
    std::unordered_map<std::string, std::size_t> names_;
    bool by_origin_ = false;  // some rule asks for sender or account
};

// The order of one attempt: by group, equals shuffled anew each time.
std::vector<RelayHost> shuffle(const std::vector<RelayHost>& hosts);

}  // namespace posthaste::delivery
