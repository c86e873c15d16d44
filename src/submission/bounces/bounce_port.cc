#include "submission/bounces/bounce_port.h"

#include "base/assert.h"
#include "runtime/task_group.h"
#include "submission/bounces/bounce_context.h"
#include "submission/bounces/bounce_session.h"

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

namespace posthaste::submission {

namespace {

constexpr Seconds kFarewellTimeout{1};
constexpr std::size_t kMaxFarewells = 16;  // a worker

// One worker's sessions. On that worker only.
struct Home {
    Home(runtime::Worker& w, Log& log)
        : worker(w), sessions(w, log), farewells(w, log), closing(w, log) {}

    runtime::Worker& worker;
    std::unordered_set<BounceSession*> list;
    runtime::TaskGroup sessions;
    runtime::TaskGroup farewells;
    runtime::TaskGroup closing;
};

// A network of IPv6 counts as one: it is one customer's.
IpAddress network_of(const IpAddress& client) {
    return client.network_key();
}

}  // namespace

void WrongAddresses::note(const IpAddress& client, SteadyTime now) {
    const MutexLock lock(mutex_);
    if (counts_.size() >= kMostNetworks)
        std::erase_if(counts_, [&](const auto& one) { return now - one.second.since > kWindow; });
    // All of them new: whoever can come from so many networks is not held up by this.
    if (counts_.size() >= kMostNetworks) counts_.clear();
    Count& count = counts_[network_of(client)];
    if (now - count.since > kWindow) count = {now, 0};
    ++count.wrong;
}

std::size_t WrongAddresses::count(const IpAddress& client, SteadyTime now) const {
    const MutexLock lock(mutex_);
    const auto found = counts_.find(network_of(client));
    if (found == counts_.end() || now - found->second.since > kWindow) return 0;
    return found->second.wrong;
}

bool LetterAllowance::take(std::size_t an_hour, SteadyTime now) {
    const MutexLock lock(mutex_);
    if (taken_ == 0 || now - since_ > std::chrono::hours(1)) {
        since_ = now;
        taken_ = 0;
    }
    return taken_ < an_hour && ++taken_ > 0;
}

void BounceMetrics::add_to(MetricsRegistry& registry) const {
    registry.add("posthaste_bounce_connections_total", "Connections to the bounce port",
                 connections);
    registry.add("posthaste_bounce_turned_away_total", "Of these, not let in", turned_away);
    registry.add("posthaste_bounce_sessions", "Sessions at the bounce port", sessions);
    registry.add("posthaste_bounce_wrong_addresses_total", "Recipients that never were",
                 wrong_addresses);
    registry.add("posthaste_bounce_refused_total", "Messages refused at their end", refused);
    registry.add("posthaste_bounce_letters_total", "Letters passed on to the administrator",
                 letters);
}

struct BouncePort::Impl : std::enable_shared_from_this<BouncePort::Impl> {
    Impl(BouncePortOptions options, Services services, runtime::WorkerPool& workers)
        : connections({options.connections, options.connections_per_address}),
          context{.options = std::move(options), .services = services} {
        for (std::size_t i = 0; i < workers.size(); ++i)
            homes.push_back(std::make_unique<Home>(workers[i], services.log));
    }

    void accept(runtime::Worker& worker, std::unique_ptr<net::Stream> stream);
    void turn_away(Home& home, std::unique_ptr<net::Stream> stream, std::string line);

    std::vector<std::unique_ptr<Home>> homes;
    net::ConnectionCounter connections;
    BounceContext context;
};

namespace {

struct Listed {
    Listed(Home& h, BounceSession& s) : home(h), session(s) { home.list.insert(&session); }

    ~Listed() { home.list.erase(&session); }

    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;

    Home& home;
    BounceSession& session;
};

// `impl` keeps what the session uses.
template <class Impl>
runtime::Task<void> serve(std::shared_ptr<Impl> impl, Home& home,
                          std::unique_ptr<net::Stream> stream, net::ConnectionCounter::Unit unit) {
    BounceSession session(impl->context, std::move(stream), std::move(unit));
    const Listed listed(home, session);
    co_await session.run();
}

runtime::Task<void> say_farewell(std::unique_ptr<net::Stream> stream, std::string line) {
    stream->expires_after(kFarewellTimeout);
    auto written = co_await stream->write(line);
    static_cast<void>(written);  // best effort
    co_await stream->close();
}

// Lets sessions finish until `grace`, then cancels them.
template <class Impl>
runtime::Task<void> wind_down(std::shared_ptr<Impl> impl, Home& home, Deadline grace,
                              std::function<void()> finished) {
    co_await home.sessions.wait_empty(grace);
    co_await home.sessions.close();
    co_await home.farewells.close();
    // Behind the end of this task, so that whoever hears it may take the port apart.
    home.worker.post([impl = std::move(impl), finished = std::move(finished)] { finished(); });
}

}  // namespace

void BouncePort::Impl::accept(runtime::Worker& worker, std::unique_ptr<net::Stream> stream) {
    Home& home = *homes[worker.index()];
    const IpAddress client = stream->peer().address;
    if (context.stopping)
        return turn_away(home, std::move(stream), "421 4.3.2 This server stops; come again\r\n");
    const std::size_t wrong = context.wrong.count(client, std::chrono::steady_clock::now());
    if (wrong >= context.options.most_wrong_of_network) {
        return turn_away(home, std::move(stream),
                         "421 4.7.0 Too many addresses that never were; come again in an hour\r\n");
    }
    auto unit = connections.admit(client);
    if (!unit) {
        return turn_away(home, std::move(stream),
                         "421 4.7.0 Too many connections; come again soon\r\n");
    }
    context.metrics.connections.add();
    home.sessions.spawn(serve(shared_from_this(), home, std::move(stream), std::move(*unit)));
}

void BouncePort::Impl::turn_away(Home& home, std::unique_ptr<net::Stream> stream,
                                 std::string line) {
    context.metrics.turned_away.add();
    if (home.farewells.size() >= kMaxFarewells) {
        stream->abort();
        return;
    }
    home.farewells.spawn(say_farewell(std::move(stream), std::move(line)));
}

BouncePort::BouncePort(BouncePortOptions options, Services services, runtime::WorkerPool& workers)
    : impl_(std::make_shared<Impl>(std::move(options), services, workers)) {}

BouncePort::~BouncePort() = default;

net::Listener::Handler BouncePort::handler() {
    return [impl = impl_](runtime::Worker& worker, std::unique_ptr<net::Stream> stream) {
        impl->accept(worker, std::move(stream));
    };
}

void BouncePort::stop(Deadline grace, std::function<void()> done) {
    impl_->context.stopping = true;
    auto left = std::make_shared<std::atomic<std::size_t>>(impl_->homes.size());
    const auto finished = [left, done = std::move(done)] {
        if (--*left == 0) done();
    };
    for (const auto& home : impl_->homes) {
        home->worker.post([impl = impl_, &home = *home, grace, finished] {
            for (BounceSession* session : home.list) session->stop();
            home.closing.spawn(wind_down(impl, home, grace, finished));
        });
    }
}

void BouncePort::register_metrics(MetricsRegistry& registry) const {
    impl_->context.metrics.add_to(registry);
}

}  // namespace posthaste::submission
