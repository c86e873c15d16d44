// Plan: what would be done now with mail to a destination, and why: the rule that wins, the hosts
// in their order, what is asked of their TLS, our own address. It asks DNS as an attempt does, and
// connects to nobody.
#pragma once

#include "mail/outcome.h"
#include "queue/courier.h"
#include "runtime/task.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::delivery {

struct PlanQuestion {
    mail::Domain domain;
    std::string sender{};  // as of queue::Origin
    std::string account{};
    std::string route{};
};

struct PlannedHost {
    std::string name;
    std::uint16_t port = 25;
    std::uint32_t level = 0;               // of preference; equals are shuffled for each attempt
    std::vector<std::string> addresses{};  // in the order of trying, at most five
    std::string tls{};                     // "dane", "sts", "verify", "encrypt", "may", "none"
    std::string tls_why{};
    std::string left_out{};  // why it is not tried; empty: it is
};

struct PlannedSource {
    std::string name;
    std::vector<std::string> addresses;
    std::string ehlo;
    unsigned weight = 1;
    std::optional<Seconds> rests{};  // its address is not there
    // It is being warmed up there: how much it may send today, and what became of that.
    std::string warm_up{};
};

struct Plan {
    std::string route;
    std::string rule;  // in words
    std::string kind;  // "mx", "relay", "lmtp", "trap", "hold"
    bool held = false;
    std::string released_to{};  // held: the route of what a person releases
    std::string fallback{};
    unsigned fallback_after = 1;
    bool instead{};  // the route's hosts are known to be down: this is its fallback
    std::string site{};
    std::string provider{};  // whose hosts these are; empty: nobody's that we know
    std::size_t max_deliveries = 0;
    std::size_t max_recipients = 0;
    std::vector<PlannedHost> hosts{};
    std::vector<PlannedSource> sources{};
    std::optional<mail::Outcome> outcome{};  // what mail gets when no host can be tried
    bool validates = false;                  // DNSSEC, without which there is no DANE
};

class Planner {
  public:
    virtual ~Planner() = default;

    // On any worker; bounded by its questions to DNS.
    virtual runtime::Task<Plan> plan(PlanQuestion question) = 0;
};

// What make_courier makes.
class Carrier : public queue::Courier, public Planner {};

}  // namespace posthaste::delivery
