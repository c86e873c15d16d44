#include "submission/bounces/bounce_port.h"

#include "submission/bounces/bounce_context.h"
#include "submission/bounces/bounce_session.h"
#include "submission/session_homes.h"

#include <utility>

namespace posthaste::submission {

namespace {

constexpr Seconds kFarewellTimeout{1};

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
    if (taken_ >= an_hour) return false;
    ++taken_;
    return true;
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
        : homes(workers, services.log),
          connections({options.connections, options.connections_per_address}),
          context{.options = std::move(options), .services = services} {}

    void accept(runtime::Worker& worker, std::unique_ptr<net::Stream> stream);
    void turn_away(runtime::Worker& worker, std::unique_ptr<net::Stream> stream, std::string line);

    SessionHomes<BounceSession> homes;
    net::ConnectionCounter connections;
    BounceContext context;
};

namespace {

runtime::Task<void> say_farewell(std::unique_ptr<net::Stream> stream, std::string line) {
    stream->expires_after(kFarewellTimeout);
    auto written = co_await stream->write(line);
    static_cast<void>(written);  // best effort
    co_await stream->close();
}

}  // namespace

void BouncePort::Impl::accept(runtime::Worker& worker, std::unique_ptr<net::Stream> stream) {
    const IpAddress client = stream->peer().address;
    if (context.stopping)
        return turn_away(worker, std::move(stream), "421 4.3.2 This server stops; come again\r\n");
    const std::size_t wrong = context.wrong.count(client, std::chrono::steady_clock::now());
    if (wrong >= context.options.most_wrong_of_network) {
        return turn_away(worker, std::move(stream),
                         "421 4.7.0 Too many addresses that never were; come again in an hour\r\n");
    }
    auto unit = connections.admit(client);
    if (!unit) {
        return turn_away(worker, std::move(stream),
                         "421 4.7.0 Too many connections; come again soon\r\n");
    }
    context.metrics.connections.add();
    homes.start(worker, shared_from_this(), context, std::move(stream), std::move(*unit));
}

void BouncePort::Impl::turn_away(runtime::Worker& worker, std::unique_ptr<net::Stream> stream,
                                 std::string line) {
    context.metrics.turned_away.add();
    homes.turn_away(worker, std::move(stream), [&](std::unique_ptr<net::Stream> turned) {
        return say_farewell(std::move(turned), std::move(line));
    });
}

BouncePort::BouncePort(BouncePortOptions options, const Services& services,
                       runtime::WorkerPool& workers)
    : impl_(std::make_shared<Impl>(std::move(options), services, workers)) {}

BouncePort::~BouncePort() = default;

net::Listener::Handler BouncePort::handler() {
    return [impl = impl_](runtime::Worker& worker, std::unique_ptr<net::Stream> stream) {
        impl->accept(worker, std::move(stream));
    };
}

void BouncePort::stop(Deadline grace, std::function<void()> done) {
    impl_->context.stopping = true;
    impl_->homes.stop(impl_, grace, std::move(done));
}

void BouncePort::register_metrics(MetricsRegistry& registry) const {
    impl_->context.metrics.add_to(registry);
}

}  // namespace posthaste::submission
