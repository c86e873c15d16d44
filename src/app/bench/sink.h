// The sink: a server on loopback that takes all mail, counts it and throws it away; the recipients'
// side of a delivery benchmark.
#pragma once

#include "base/result.h"
#include "net/listener.h"

#include <string>
#include <vector>

namespace posthaste::app::bench {

struct SinkPlan {
    std::vector<net::ListenAddress> listen;  // one or more: many sites in one process
    std::string ledger;                      // file; one line for each message: its X-Bench number
    std::string tls_folder;  // an own certificate for STARTTLS is made there; empty: no TLS
};

// Until SIGTERM or SIGINT; prints what was taken, ten times a second while something comes. Errors:
// conflict, denied, io.
Result<void> run_sink(const SinkPlan& plan);

}  // namespace posthaste::app::bench
