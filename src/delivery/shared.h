// What all attempts of the process share.
#pragma once

#include "base/mutex.h"
#include "delivery/attempt/story.h"
#include "delivery/delivery.h"
#include "delivery/login/logins.h"
#include "delivery/route/delivered_domains.h"
#include "delivery/route/destination.h"
#include "delivery/route/route.h"
#include "delivery/route/route_state.h"
#include "delivery/route/sources.h"
#include "delivery/rules/verdict.h"
#include "delivery/shaping/shape_site.h"
#include "delivery/tls/tls_memory.h"
#include "delivery/tls/tls_policy.h"
#include "net/tls.h"

#include <map>
#include <memory>
#include <string>

namespace posthaste::delivery {

// How smarthosts treat our login: a refusal stops the route for a while, longer each time, and is
// told once, not with every message (delivery.md O-9). Thread-safe.
class RouteHealth {
  public:
    struct Refusal {
        Seconds suspend;
        bool is_news = false;  // not told before
    };

    Refusal refused(const std::string& site, const std::string& text, Seconds at_least,
                    SteadyTime now);
    void worked(const std::string& site);

  private:
    struct State {
        unsigned refusals = 0;
        std::string told;
        SteadyTime told_at{};
        SteadyTime counted_at{};
    };

    Mutex mutex_;
    std::map<std::string, State> states_ PH_GUARDED_BY(mutex_);
};

struct Shared {
    Shared(Options given, store::Store& s, net::Resolver& r, FinalHop* t, runtime::BlockingPool& b,
           Log& l, TlsServices tls_services = {}, Logins* given_logins = nullptr,
           DeliveredDomains* delivered_domains = nullptr);

    // For a smarthost's ca_file and certificate, or for MX hosts (null); errors: why it could not
    // be read at the start.
    Result<std::shared_ptr<net::TlsClientContext>> tls_context(const Smarthost* smarthost) const;

    const Route& route_of(const queue::Parcel& parcel) const;

    const VerdictRules& verdicts() const;

    // `find_destination` by what is known of ourselves, and with grace for a domain that was
    // delivered to of late.
    runtime::Task<DestinationAnswer> find(mail::Domain domain);

    // Where DANE may be used by that route and message, and somebody collects it.
    void tell_bogus(TlsLevel route, store::TlsWish wish, const TlsSession& session) const;

    const Options options;
    const Routes routes;
    store::Store& store;
    net::Resolver& resolver;
    FinalHop* trap;
    runtime::BlockingPool& blocking;
    Log& log;
    const TlsServices tls;

    const DestinationRules destination_rules;
    DeliveredDomains* const delivered;  // may be null
    Sources sources;
    RouteState route_state;

    Logins& logins() const { return given_logins_ != nullptr ? *given_logins_ : *own_logins_; }

    FamilyMemory families;
    RouteHealth health;
    SiteShaper shaper;
    DialogueAllowance dialogues;

  private:
    BrokenTls own_broken_tls_;

  public:
    BrokenTls& broken_tls;

  private:
    Logins* const given_logins_;
    const std::unique_ptr<Logins> own_logins_;  // when none was given
    // By ca_file, and whose certificate is shown.
    using ContextKey = std::pair<std::string, const net::PemIdentity*>;
    ContextKey context_key(const Smarthost* smarthost) const;
    std::map<ContextKey, Result<std::shared_ptr<net::TlsClientContext>>> contexts_;
};

}  // namespace posthaste::delivery
