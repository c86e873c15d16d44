// BounceServices: what [bounces] asks for: senders made for a message, and the port that takes
// what comes back to them.
#pragma once

#include "app/config/settings.h"
#include "delivery/rules/verdict.h"
#include "submission/bounces/bounce_port.h"

#include <memory>
#include <vector>

namespace posthaste::app {

class BounceServices {
  public:
    // Null without [bounces] domain.
    static std::shared_ptr<const mail::Verp> make_verp(const Settings& settings,
                                                       store::Store& store);

    struct Parts {
        const Settings& settings;
        store::Store& store;
        queue::Queue& queue;
        std::shared_ptr<const delivery::VerdictRules> verdicts;  // null: the program's own
        std::shared_ptr<net::TlsServerContext> tls;
        runtime::BlockingPool& blocking;
        runtime::WorkerPool& workers;
        Log& log;
        std::function<void(const Event&)> events;
        std::vector<queue::AfterthoughtListener*> listeners{};  // outlive it
    };

    // `verp` is not null.
    BounceServices(Parts parts, std::shared_ptr<const mail::Verp> verp);

    submission::BouncePort& port() { return port_; }

    void register_metrics(MetricsRegistry& registry) const;

  private:
    queue::Returns returns_;
    submission::BouncePort port_;
};

}  // namespace posthaste::app
