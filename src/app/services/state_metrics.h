// Numbers of what has no counter of its own: logins at smarthosts, the resolver, the history.
#pragma once

#include "base/metrics.h"
#include "delivery/login/logins.h"
#include "net/resolver.h"
#include "store/store.h"

namespace posthaste::app {

// All of them outlive the registry's last `render`.
struct StateSources {
    const delivery::Logins& logins;
    const net::Resolver& resolver;
    const store::Store& store;
};

void register_state_metrics(MetricsRegistry& registry, const StateSources& sources);

}  // namespace posthaste::app
