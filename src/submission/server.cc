// The server: who is let in, what sessions may ask of the rest, how they end.
#include "submission/server.h"

#include "accounts/suppressions.h"
#include "runtime/callback.h"
#include "submission/context.h"
#include "submission/lock_notice.h"
#include "submission/session.h"
#include "submission/session_homes.h"
#include "submission/winmail/winmail_notice.h"

#include <algorithm>
#include <utility>

namespace posthaste::submission {
namespace {

constexpr Seconds kFarewellTimeout{1};
constexpr Milliseconds kFarewellHold{100};  // a ClientHello follows the connection at once

using Homes = SessionHomes<Session>;

runtime::Task<void> submit_and_tell(queue::Queue& queue, queue::Submission submission,
                                    runtime::Callback<void> done) {
    auto task = queue.submit(std::move(submission));
    auto stored = co_await std::move(task);
    done(std::move(stored));
}

class ServerBackend final : public Backend {
  public:
    ServerBackend(const Services& services, const Options& options, const Homes& homes)
        : queue_(services.queue),
          store_(services.store),
          authenticator_(services.authenticator),
          guard_(services.guard),
          suppressions_(services.suppressions),
          log_(services.log),
          options_(options),
          homes_(homes),
          winmail_notices_(queue_, store_, services.blocking, log_, options_) {}

    runtime::Task<std::expected<accounts::Identity, accounts::Rejection>> authenticate(
        accounts::LoginAttempt attempt) override {
        const std::string from = attempt.client.to_string();
        auto checking = authenticator_.authenticate(std::move(attempt));
        auto answer = co_await std::move(checking);
        if (!answer && answer.error().counted.notify) write_to(answer.error().account, from);
        co_return answer;
    }

    std::optional<accounts::LoginGuard::Ban> banned(const IpAddress& client) const override {
        if (guard_ == nullptr) return std::nullopt;
        return guard_->banned(client, accounts::LoginGuard::present());
    }

    std::uint64_t directory_generation() const override {
        return authenticator_.directory_generation();
    }

    runtime::Task<std::expected<accounts::Identity, accounts::Refusal>> renew(
        accounts::Identity identity) override {
        return authenticator_.renew(std::move(identity));
    }

    bool suppressed(const std::string& account, const mail::Mailbox& recipient) const override {
        return suppressions_ != nullptr && suppressions_->may_be_listed(account, recipient);
    }

    store::Health health() const override { return store_.committer().health(); }

    bool signs(const mail::Domain& from) const override { return queue_.signs(from); }

    store::ContentWriter write_content(const QueueId& id) override {
        return store_.write_content(id);
    }

    store::ContentReader read_content(const store::Body& body) override {
        return {store_.content_folder(), body};
    }

    void discard_content(const store::Body& body) override { store_.discard_content(body); }

    // The queue waits for its commit longer than a client does, so the commit is a task of its own.
    runtime::Task<Result<void>> submit(queue::Submission submission, Deadline deadline) override {
        runtime::Callback<void> done;
        homes_.commits_here().spawn(submit_and_tell(queue_, std::move(submission), done));
        auto waiting = done.wait(deadline);
        auto stored = co_await std::move(waiting);
        co_return stored;
    }

    void tell_of_winmail(const std::string& account) override {
        homes_.commits_here().spawn(winmail_notices_.tell(account));
    }

  private:
    // Nobody waits for it, and if it cannot be stored the log has said so.
    void write_to(const std::string& account, const std::string& from) {
        auto notice = compose_lock_notice({account, options_.hostname, options_.admin, from});
        if (!notice) return;
        log_.warning("login.guessing", {{"account", account},
                                        {"client", from},
                                        {"what", "many wrong passwords from several networks"},
                                        {"mend", "posthaste why " + account}});
        homes_.commits_here().spawn(
            submit_and_tell(queue_, std::move(*notice), runtime::Callback<void>()));
    }

    queue::Queue& queue_;
    store::Store& store_;
    accounts::Authenticator& authenticator_;
    accounts::LoginGuard* guard_;
    const accounts::Suppressions* suppressions_;
    Log& log_;
    const Options& options_;
    const Homes& homes_;
    WinmailNotices winmail_notices_;
};

bool allowed(const PortProfile& profile, const IpAddress& address) {
    return std::ranges::any_of(profile.allow,
                               [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
    Impl(const Options& o, const Services& services, runtime::WorkerPool& workers)
        : homes(workers, services.log),
          options(o),
          backend(services, options, homes),
          connections(services.connections),
          context{.options = o,
                  .replies = Catalogue(
                      {o.hostname, o.admin, o.incoming, o.help_base, o.starttls_port, o.tls_port}),
                  .backend = backend,
                  .blocking = services.blocking,
                  .tls = services.tls,
                  .demux = services.demux,
                  .log = services.log,
                  .events = services.events,
                  .sign_ins = services.sign_ins,
                  .sent_marks = services.sent_marks,
                  .winmail = services.winmail,
                  .metrics = {}} {}

    void accept(runtime::Worker& worker, std::shared_ptr<const PortProfile> profile,
                std::unique_ptr<net::Stream> stream);
    void turn_away(runtime::Worker& worker, const PortProfile& profile,
                   std::unique_ptr<net::Stream> stream, Say why);

    Homes homes;
    const Options options;
    ServerBackend backend;
    net::ConnectionCounter& connections;
    ServerContext context;
};

namespace {

// Best effort: one line to somebody who cannot be served. To a program that begins with TLS a line
// in clear would be garbage, and a handshake for a refusal is what a server that is full cannot
// afford: it is just closed on, which such a program tells as "connection dropped".
runtime::Task<void> say_farewell(std::unique_ptr<net::Stream> stream, std::string line,
                                 bool hello_expected) {
    stream->expires_after(kFarewellTimeout);
    auto first = co_await stream->peek(1, Deadline::after(kFarewellHold));
    const bool talks_tls = first && first->starts_with('\x16');
    // Whoever is silent where clients begin with TLS may be slow with it.
    const bool silent = !first || first->empty();
    if (first && !talks_tls && !(hello_expected && silent)) {
        auto written = co_await stream->write(line);
        static_cast<void>(written);
    }
    co_await stream->close();
}

}  // namespace

void Server::Impl::accept(runtime::Worker& worker, std::shared_ptr<const PortProfile> profile,
                          std::unique_ptr<net::Stream> stream) {
    if (context.stopping) return turn_away(worker, *profile, std::move(stream), Say::shutting_down);
    const auto peer = stream->peer();
    if (profile->legacy && !allowed(*profile, peer.address)) {
        context.metrics.refused.add();
        context.log.warning(
            "legacy.outside_range",
            {{"client", peer.to_string()},
             {"why", "the port for old devices serves [legacy] allow alone"},
             {"mend", "have it use " + context.replies.ports() + ", or add its address to allow"}});
        return turn_away(worker, *profile, std::move(stream), Say::outside_legacy_range);
    }
    auto unit = connections.admit(peer.address);
    if (!unit) {
        const bool network = unit.error() == net::ConnectionCounter::Full::address;
        context.metrics.refused.add();
        context.log.debug("connection.refused",
                          {{"client", peer.to_string()},
                           {"limit", network ? "connections_per_address" : "connections"}});
        return turn_away(worker, *profile, std::move(stream),
                         network ? Say::too_many_from_network : Say::too_many_connections);
    }
    context.metrics.connections.add();
    homes.start(worker, shared_from_this(), context, std::move(profile), std::move(stream),
                std::move(*unit));
}

void Server::Impl::turn_away(runtime::Worker& worker, const PortProfile& profile,
                             std::unique_ptr<net::Stream> stream, Say why) {
    const bool hello_expected =
        !profile.open && stream->tls() == nullptr && profile.habit == net::PortHabit::implicit_tls;
    std::string line = context.replies.make(why).line;
    homes.turn_away(worker, std::move(stream), [&](std::unique_ptr<net::Stream> turned) {
        return say_farewell(std::move(turned), std::move(line), hello_expected);
    });
}

Server::Server(const Options& options, const Services& services, runtime::WorkerPool& workers)
    : impl_(std::make_shared<Impl>(options, services, workers)) {}

Server::~Server() = default;

net::Listener::Handler Server::handler(PortProfile profile) {
    auto shared = std::make_shared<const PortProfile>(std::move(profile));
    return [impl = impl_, shared](runtime::Worker& worker, std::unique_ptr<net::Stream> stream) {
        impl->accept(worker, shared, std::move(stream));
    };
}

void Server::stop(Deadline grace, std::function<void()> done) {
    impl_->context.stopping = true;
    impl_->homes.stop(impl_, grace, std::move(done));
}

std::size_t Server::sessions() const {
    return static_cast<std::size_t>(impl_->context.metrics.sessions.value());
}

void Server::register_metrics(MetricsRegistry& registry) {
    impl_->context.metrics.add_to(registry);
}

void ServerMetrics::add_to(MetricsRegistry& registry) const {
    registry.add("posthaste_connections_total", "Connections let in", connections);
    registry.add("posthaste_connections_refused_total", "Connections that were too many", refused);
    registry.add("posthaste_sessions", "Connections open now", sessions);
    registry.add("posthaste_tls_implicit_total", "Handshakes without STARTTLS", implicit_tls);
    registry.add("posthaste_tls_starttls_total", "Handshakes after STARTTLS", starttls);
    registry.add("posthaste_tls_failed_total", "Handshakes that failed", tls_failed);
    registry.add("posthaste_messages_accepted_total", "Messages answered 250", accepted);
    registry.add("posthaste_accepted_octets_total", "Octets of them", accepted_octets);
    registry.add("posthaste_messages_refused_total", "Messages refused at their end",
                 refused_messages);
    registry.add("posthaste_replies_refused_total", "Replies of 4xx and 5xx", refused_commands);
    registry.add("posthaste_sessions_timed_out_total", "Sessions that waited for nothing",
                 timeouts);
}

}  // namespace posthaste::submission
