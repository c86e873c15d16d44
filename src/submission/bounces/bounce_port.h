// The port that takes what comes back: delivery reports to senders made for a message
// (mail/verp.h), complaints, and mail to the postmaster. Nobody signs in, nothing is passed on to
// anybody but the administrator, and no message is ever answered by another (delivery.md B-2, 6.6).
// 250 to the final dot means that what the report changes is on disk.
//
// Costs: a session keeps at most 512 KiB of a message, in which a report says all it has to say;
// the rest is read and thrown away.
#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "net/listener.h"
#include "net/tls.h"
#include "queue/queue.h"
#include "queue/returns/returns.h"
#include "runtime/offload.h"
#include "runtime/worker.h"

#include <functional>
#include <memory>
#include <string>

namespace posthaste::submission {

struct BouncePortOptions {
    std::string hostname;
    std::string admin;    // whom mail to postmaster@ and abuse@ reaches
    std::string submits;  // "port 587 with STARTTLS": what who signs in here is told
    std::uint64_t message_size = 10u << 20;
    std::size_t connections = 100;
    std::size_t connections_per_address = 10;
    Seconds command_timeout{120};
    Seconds session_timeout{900};
    Seconds data_timeout{60};
    Milliseconds first_tarpit{1000};  // the reply to a wrong address waits, twice as long each time
    std::size_t most_wrong = 5;       // addresses of a session, then 421
    std::size_t most_wrong_of_network = 50;  // in an hour, then it is not let in
    std::size_t letters_an_hour = 20;        // to the administrator, of all
};

class BouncePort {
  public:
    struct Services {
        queue::Queue& queue;
        queue::Returns& returns;
        store::Store& store;
        std::shared_ptr<net::TlsServerContext> tls;  // null: STARTTLS is not offered
        runtime::BlockingPool& blocking;
        Log& log;
    };

    BouncePort(BouncePortOptions options, const Services& services, runtime::WorkerPool& workers);
    ~BouncePort();

    net::Listener::Handler handler();

    // Sessions may finish until the deadline, then are cancelled. Any thread; `done` is called when
    // no session is left.
    void stop(Deadline grace, std::function<void()> done);

    void register_metrics(MetricsRegistry& registry) const;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace posthaste::submission
