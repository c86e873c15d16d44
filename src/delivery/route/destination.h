// Destination: the hosts that take a domain's mail, as its MX records say (RFC 5321 §5.1; RFC 7505;
// delivery.md 1.3). Looks up, decides, never connects.
#pragma once

#include "base/ip.h"
#include "base/mutex.h"
#include "mail/domain.h"
#include "mail/outcome.h"
#include "net/resolver.h"
#include "runtime/task.h"

#include <expected>
#include <map>
#include <string>
#include <vector>

namespace posthaste::delivery {

struct MxHost {
    std::uint16_t preference = 0;
    std::string name;

    bool operator==(const MxHost&) const = default;
};

struct Destination {
    std::vector<MxHost> hosts;  // by preference, names sorted inside one
    bool implicit = false;      // no MX record: the domain itself
    bool secure = false;        // DNS said so with signatures, CNAMEs of the domain included
    std::string expanded{};     // what the domain's CNAMEs led to; the domain itself without any
    // An address literal: its host is that address, and nothing is looked up.
    bool literal = false;
    // Its MX records name no host: the domain. Its own address is no way in (delivery.md R-11).
    std::string nowhere;

    // "mx:a.example,b.example|c.example": the same for all domains with these hosts.
    std::string hosts_key() const;
    // And whether DNS vouches for them: DANE holds for the one kind of domains alone, so what it
    // keeps back must not slow down the other.
    std::string site() const;
};

// Nothing can be done now, or ever: the outcome for all recipients of the domain.
struct NoDestination : mail::Outcome {
    NoDestination(mail::Outcome outcome) : mail::Outcome(std::move(outcome)) {}

    bool bogus = false;  // its MX records have a wrong signature
};

using DestinationAnswer = std::expected<Destination, NoDestination>;

// What is known of ourselves, and what the operator allows.
struct DestinationRules {
    // An MX host of such a name is us: its preference level and all behind it are left out.
    std::vector<std::string> own_names;
    std::vector<IpAddress> own_addresses;  // the same, once its address is known; no literal's
    bool address_literals = false;         // mail to user@[192.0.2.1] goes there
};

DestinationAnswer judge_mx(const mail::Domain& domain, const net::MxAnswer& answer,
                           const DestinationRules& rules);
// `rules` live longer.
runtime::Task<DestinationAnswer> find_destination(net::Resolver& resolver, mail::Domain domain,
                                                  const DestinationRules& rules);
// Mail for the domain would come back to us.
mail::Outcome loops_back(const std::string& domain);

// The order of one attempt: by preference, equals shuffled anew each time (RFC 5321 §5.1).
std::vector<MxHost> shuffle(const Destination& destination);

// MX hosts must not lead into this machine or its network (threats.md F7), unless the operator said
// so.
bool is_allowed(const IpAddress& address, bool allow_private);

bool is_own_name(std::string_view name, const DestinationRules& rules);
bool is_ours(const IpAddress& address, const DestinationRules& rules);

// A family of addresses that does not work here is tried last for a while, by site. Thread-safe.
class FamilyMemory {
  public:
    void timed_out(const std::string& site, const IpAddress& address, SteadyTime now);
    bool is_bad(const std::string& site, bool v4, SteadyTime now) const;

  private:
    mutable Mutex mutex_;
    std::map<std::pair<std::string, bool>, SteadyTime> bad_until_ PH_GUARDED_BY(mutex_);
};

// At most `limit`, both families in it where there are both.
std::vector<IpAddress> order_addresses(std::vector<IpAddress> addresses, bool v4_last,
                                       std::size_t limit);

}  // namespace posthaste::delivery
