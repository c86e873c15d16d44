// Daemon: the wiring diagram. Builds every layer in order, starts, watches the certificates, and
// stops in phases.
#pragma once

#include "app/config/listen_addresses.h"
#include "base/log.h"
#include "base/result.h"

#include <functional>

namespace posthaste::app {

struct DaemonOptions {
    bool ephemeral = false;  // a store on a container's own layer is all right
    // Called once, when all listeners are up, with the addresses as bound (ports the kernel chose
    // included).
    std::function<void(const Bound&)> ready;
};

// Runs until SIGTERM or SIGINT. `block_signals` (process.h) comes before the log is made: threads
// inherit the mask.
int run_daemon(const Settings& settings, const DaemonOptions& options, Log& log);

}  // namespace posthaste::app
