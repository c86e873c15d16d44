// TlsPolicies: MTA-STS, for as long as the daemon delivers. What it stands on belongs to the daemon
// and outlives it; the courier uses it, so it is made before and stopped behind it.
#pragma once

#include "app/settings.h"
#include "delivery/delivery.h"
#include "delivery/mta_sts.h"
#include "delivery/strangers_https.h"
#include "store/lazy_writer.h"
#include "store/store.h"

#include <functional>
#include <optional>
#include <vector>

namespace posthaste::app {

class TlsPolicies {
  public:
    struct Parts {
        const Settings& settings;
        store::Store& store;
        net::Resolver& resolver;
        runtime::WorkerPool& workers;
        runtime::BlockingPool& blocking;
        Log& log;
    };

    explicit TlsPolicies(Parts parts);

    // For the courier; with nothing in it where all mail stays here.
    delivery::TlsServices services();
    std::vector<store::LazySource*> sources();

    delivery::MtaSts* sts() { return sts_ ? &*sts_ : nullptr; }

    void start();  // once the workers run
    // `done` on some worker, when nothing runs any more. Any thread.
    void stop(const std::function<void()>& done);

  private:
    const Settings& settings_;
    std::optional<delivery::StrangersHttps> https_;
    std::optional<delivery::MtaSts> sts_;
};

}  // namespace posthaste::app
