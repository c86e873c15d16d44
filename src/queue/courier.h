// Courier: what the queue needs of those who carry mail away. Owned here, implemented by delivery/,
// so that the queue knows nothing of SMTP, DNS or connections.
#pragma once

#include "base/id.h"
#include "mail/domain.h"
#include "mail/outcome.h"
#include "queue/shared_limits.h"
#include "queue/window.h"
#include "runtime/task.h"
#include "store/record.h"
#include "store/values.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace posthaste::queue {

// Where mail for a domain goes: domains with one MX set, or one smarthost, share a site.
struct Site {
    std::string key;  // stable, readable: "mx:mx1.example.org,mx2.example.org", "relay:host:587"
    std::size_t max_deliveries = 10;   // concurrency limit
    std::size_t max_recipients = 100;  // of one transaction
    bool mixes_domains =
        false;             // recipients of several domains may share a transaction (relay, trap)
    Seconds good_for{60};  // ask again after this
    std::string route{};   // that leads there; parcels for the site carry it
    std::string source{};  // name of our address that its mail leaves from, where there is a choice
    // Shared with other sites by name: a provider's connections, its rate, a source address's
    // warm-up; a rate of the site alone bears its key. Empty: none.
    std::vector<Cap> caps{};
    std::vector<Pace> paces{};
    std::string provider{};  // "google"; sites of one provider are asked for anew together
    // A rule has stopped it: nothing is tried before, and `trouble` says why.
    std::optional<Seconds> suspend{};
    std::shared_ptr<const mail::Outcome> trouble{};
};

// Whose mail it is, as far as routes ask.
struct Origin {
    std::string_view sender;   // as it is written; "" of reports
    std::string_view account;  // the login
    std::string_view route;    // the name of the one that a person chose
    QueueId message{};         // which of our addresses it leaves from goes by that
};

// Either a site, or what becomes of all recipients of that domain now.
struct Location {
    std::optional<Site> site;
    // A route says so: the queue holds their messages until a person releases them. Those that are
    // released go to `site`, which is where mail would go without that route.
    bool hold = false;
    mail::Outcome otherwise;
};

// One attempt: some recipients of one message towards one site.
struct Parcel {
    std::shared_ptr<const store::MessageRow> message;
    std::vector<store::RecipientRow> recipients;
    std::string site;
    std::string route{};   // Site::route
    std::string source{};  // Site::source
    // Others of a shared limit wait for the place that an idle connection would keep.
    bool close_after = false;
};

struct ParcelReport {
    std::vector<std::pair<std::uint32_t, mail::Outcome>>
        outcomes;  // one for each recipient of the parcel
    SiteSignal signal = SiteSignal::neutral;
    std::optional<std::size_t>
        learned_max_recipients;  // the site takes no more in one transaction (delivery.md O-15)
    // Recipients of a transaction that the host broke off as a whole (421, or the connection went):
    // one of them may be why, so they come in smaller groups next time. 0: none was.
    std::size_t broken_group = 0;
    // No host let us begin: refused, not answered, or turned away before MAIL. Where other
    // transactions run well, that connection was one too many, and nothing is charged for it.
    bool turned_away = false;
    // A rule has changed the limits of this site's provider: all its sites are asked for anew.
    bool limits_changed = false;
    std::optional<Seconds>
        suspend;  // the route is unusable for all (our login refused): do not hammer (O-9)
    // For the history: who was asked, and what was said. May be empty.
    std::vector<store::TryFacts> tries{};
    std::uint32_t queue_ms = 0;  // from when it was due until the attempt began
};

class Courier {
  public:
    virtual ~Courier() = default;

    // The path that mail to `domain` (as A-labels) takes because of its origin: a route, and which
    // of our addresses it leaves from; empty where it takes the one that the domain alone leads to.
    // Its words are the courier's. Any thread; quick; the same answer for the life of the process.
    virtual std::string route_for(std::string_view domain, const Origin& origin) const {
        static_cast<void>(domain);
        static_cast<void>(origin);
        return {};
    }

    // A person may choose that route (`queue retry --route`).
    virtual bool has_route(std::string_view name) const {
        static_cast<void>(name);
        return false;
    }

    // `route` is what `route_for` said. On the scheduler's worker. Bounded by itself (30 s of DNS).
    virtual runtime::Task<Location> locate(mail::Domain domain, std::string route) = 0;

    // On any worker; connections stay with the worker they were made on. Never throws away a
    // recipient: an outcome for each. Cancelled by shutdown only.
    virtual runtime::Task<ParcelReport> deliver(Parcel parcel) = 0;

    // After the last `deliver` has ended: closes what is kept open. Any thread; `done` is called on
    // some worker.
    virtual void stop(const std::function<void()>& done) { done(); }
};

}  // namespace posthaste::queue
