#include "app/daemon.h"

#include "app/layer_options.h"
#include "app/process.h"
#include "app/services/bounce_services.h"
#include "app/services/certificates.h"
#include "app/services/complaint_shares.h"
#include "app/services/learned.h"
#include "app/services/legacy_port.h"
#include "app/services/relay_desk.h"
#include "app/services/reply_rules.h"
#include "app/services/state_metrics.h"
#include "app/services/suppression_desk.h"
#include "app/services/tls_services.h"
#include "app/services/web_services.h"
#include "app/winmail/winmail_desk.h"
#include "net/resolver.h"
#include "queue/in_flight.h"

#include <algorithm>
#include <future>
#include <signal.h>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app {

namespace {

constexpr int kTemporary = 75;      // sysexits: EX_TEMPFAIL
constexpr int kConfiguration = 78;  // EX_CONFIG; the unit does not restart on it
constexpr Seconds kGrace{30};
constexpr Seconds kCertificateWatch{5};
constexpr Seconds kStorePatience{2};
constexpr Milliseconds kStoreLook{50};
constexpr std::size_t kBlockingThreads = 4;
constexpr std::size_t kBlockingQueue = 4096;

// Everything bound while still root.
struct Sockets {
    struct Port {
        net::BoundSocket socket;
        submission::PortProfile profile;
    };

    std::vector<Port> submission;
    std::optional<net::BoundSocket> trap;
    std::optional<net::BoundSocket> bounces;
    WebSockets web;
};

Result<Sockets> bind_all(const Settings& settings) {
    Sockets sockets;
    for (const auto& address : settings.submission) {
        PH_TRY(auto socket, net::BoundSocket::bind(address));
        submission::PortProfile profile;
        profile.habit = is_implicit_tls_port(address.port) ? net::PortHabit::implicit_tls
                                                           : net::PortHabit::starttls;
        sockets.submission.push_back({std::move(socket), profile});
    }
    if (settings.legacy.listen) {
        PH_TRY(auto socket, net::BoundSocket::bind(*settings.legacy.listen));
        sockets.submission.push_back({std::move(socket), legacy_profile(settings)});
    }
    if (settings.trap) {
        PH_TRY(sockets.trap, net::BoundSocket::bind(*settings.trap));
    }
    if (settings.bounces.listen) {
        PH_TRY(sockets.bounces, net::BoundSocket::bind(*settings.bounces.listen));
    }
    PH_TRY(sockets.web, WebSockets::bind(settings));
    return sockets;
}

// 78 tells the supervisor not to try again: only for what a person must change. A port or store
// that somebody holds, or an address that is not there yet, may be free in a moment.
int exit_code(std::string_view what, const Error& error) {
    bool may_pass = error.kind == ErrorKind::conflict || error.kind == ErrorKind::not_found;
    if (may_pass && (what == "listen" || what == "store")) return kTemporary;
    switch (error.kind) {
        case ErrorKind::store_full:
        case ErrorKind::store_failed:
        case ErrorKind::io:
        case ErrorKind::busy:
        case ErrorKind::timeout:
            return kTemporary;
        default:
            return kConfiguration;
    }
}

int refuse(Log& log, std::string_view what, const Error& error) {
    log.error("server.refused", {{"what", what}, {"why", error.text}, {"mend", error.mend}});
    return exit_code(what, error);
}

class Daemon {
  public:
    Daemon(const Settings& settings, const DaemonOptions& options, Log& log)
        : settings_(settings), options_(options), log_(log) {}

    int run() {
        auto files = raise_file_limit();
        auto carried = connections_for(files, settings_.connections);
        if (!carried) return refuse(log_, "files", carried.error());
        if (*carried < settings_.connections)
            log_.warning("server.fewer_connections",
                         {{"connections", *carried},
                          {"files", files},
                          {"mend", "raise the limit of open files (LimitNOFILE)"}});
        deliveries_ = deliveries_for(files, *carried);
        auto built = build(*carried);
        if (!built) return refuse(log_, where_, built.error());
        auto started = start();
        if (!started) {
            auto code = refuse(log_, where_, started.error());
            stop_now();
            return code;
        }
        watch();
        shut_down();
        return 0;
    }

  private:
    Result<void> build(std::size_t carried) {
        where_ = "listen";
        PH_TRY(sockets_, bind_all(settings_));
        where_ = "user";
        PH_TRY(auto user, service_user(settings_.admin_user, settings_.store_path));
        where_ = "store";
        if (in_container() && !options_.ephemeral && on_container_layer(settings_.store_path))
            return fail(
                ErrorKind::denied,
                fmt::format("{} is inside the container and would vanish with it, queued mail too",
                            settings_.store_path),
                "mount a volume there, or start with --ephemeral if losing the mail is all right");
        PH_CHECK(prepare_folder(settings_.store_path, user));
        // Certificates that only root may read are read now; later changes must be readable by the
        // server's user.
        where_ = "tls";
        if (!settings_.cert_files.empty()) {
            PH_CHECK(certificates_.load());
        }
        where_ = "relay";
        PH_TRY(auto delivery, delivery_options(settings_));
        where_ = "delivery";
        PH_TRY(rules_, reply_rules(settings_));
        delivery.verdicts = rules_.verdicts;
        where_ = "user";
        PH_CHECK(become(user));
        warn_of_unreadable_certificates();
        if (user.uid == 0 && !options_.ephemeral)
            log_.warning("server.runs_as_root",
                         {{"why", "the store belongs to root and [admin] user names nobody"},
                          {"mend",
                           "adduser --system --group posthaste; chown -R posthaste: the "
                           "store's folder; restart"}});
        where_ = "store";
        PH_CHECK(open_store());
        store_->keep_history(history_options(settings_), log_);
        where_ = "resolver";
        PH_TRY(resolver_, net::Resolver::make(resolver_options(settings_), log_));
        where_ = "tls";
        PH_CHECK(certificates_.prepare(*store_, *resolver_));
        if (!certificates_.loaded()) {
            PH_CHECK(certificates_.load());
        }
        where_ = "admin";
        PH_TRY(admin_socket_, net::BoundSocket::bind_unix(settings_.admin_socket, 0660));
        connections_.emplace(connection_limits(settings_, carried));
        return build_upper(std::move(delivery));
    }

    // A command that works on the store itself has it for a moment; another server keeps it.
    Result<void> open_store() {
        const auto give_up = std::chrono::steady_clock::now() + kStorePatience;
        for (;;) {
            auto opened = store::Store::open(store_options(settings_), log_);
            if (opened) {
                store_ = std::move(*opened);
                return {};
            }
            if (opened.error().kind != ErrorKind::conflict ||
                std::chrono::steady_clock::now() > give_up)
                return std::unexpected(std::move(opened).error());
            std::this_thread::sleep_for(kStoreLook);
        }
    }

    // Said at the start, not on the day of the renewal.
    void warn_of_unreadable_certificates() {
        for (const auto* files : {&settings_.cert_files, &settings_.key_files}) {
            for (const auto& file : *files) {
                if (access(file.c_str(), R_OK) == 0) continue;
                log_.warning("tls.read_once",
                             {{"file", file},
                              {"why", "root could read it, the server's user cannot"},
                              {"mend", fmt::format("let its group read {} (posthaste check says "
                                                   "how), or restart when it is renewed",
                                                   file)}});
            }
        }
    }

    Result<void> build_upper(delivery::Options delivery) {
        auto publish = [this](const Event& event) {
            log_event(log_, event);
            hub_.publish(event);
        };
        tls_policies_.emplace(
            TlsPolicies::Parts{settings_, *store_, *resolver_, workers_, blocking_, log_});
        automation_.emplace(
            rules_.automation, rules_.verdicts, [this] { return store_->clock().now_queue(); },
            log_);
        if (const auto loaded = automation_->load(store_->engine()); !loaded)
            log_.warning("overrides.unreadable",
                         {{"why", loaded.error().text}, {"mend", loaded.error().mend}});
        delivery.automation = &*automation_;
        delivery.overrides = &*automation_;
        auto sources = tls_policies_->sources();
        sources.push_back(&*automation_);
        delivery::WarmUp::Plans plans;
        for (const auto& source : delivery.sources)
            if (source.warm_up) plans.emplace(source.name, *source.warm_up);
        if (!plans.empty()) {
            warm_up_.emplace(std::move(plans), [this] { return store_->clock().now_queue(); });
            if (const auto loaded = warm_up_->load(store_->engine()); !loaded)
                log_.warning("warm_up.unreadable",
                             {{"why", loaded.error().text}, {"mend", loaded.error().mend}});
            warm_up_->register_metrics(metrics_);
            delivery.warm_up = &*warm_up_;
            sources.push_back(&*warm_up_);
        }
        suppressions_.emplace(*store_, log_);
        PH_CHECK(suppressions_->load());
        sources.push_back(&*suppressions_);
        learned_.emplace(settings_, *store_, log_, std::move(sources));
        authenticator_.emplace(accounts::Authenticator::Options{}, *store_, &learned_->guard);
        if (needs_trap(settings_)) {
            where_ = "trap";
            PH_TRY(inbox_, trap::Inbox::open(inbox_options(settings_), blocking_, log_));
        }
        delivery::TlsServices tls = tls_policies_->services();
        tls.broken = &learned_->broken_tls;
        logins_.emplace(*store_, blocking_, log_);
        relays_ = live_relays(*logins_);
        delivery.sign = [this](const std::string& header, const std::string& body_hash) {
            return queue_ ? queue_->sign_now(header, body_hash) : std::string();
        };
        const auto verp = BounceServices::make_verp(settings_, *store_);
        delivery.verp = verp;
        courier_ =
            delivery::make_courier(std::move(delivery), *store_, *resolver_, inbox_.get(), workers_,
                                   blocking_, log_, tls, &*logins_, &learned_->delivered);
        on_crash(queue::InFlight::mark_crash);
        auto queue = queue_options(settings_);
        queue.max_deliveries = deliveries_;
        queue.rule_words = rule_words(rules_.verdicts);
        queue.memory = &suppression_desk_.emplace(*suppressions_);
        queue_.emplace(std::move(queue), *store_, *courier_, workers_, blocking_, log_, publish);
        tls_policies_->report_by(*queue_);
        submission::Services services{*queue_,
                                      *store_,
                                      *authenticator_,
                                      certificates_.mail(),
                                      *connections_,
                                      demux_,
                                      blocking_,
                                      log_,
                                      publish,
                                      &learned_->sign_ins,
                                      &learned_->guard,
                                      &learned_->sent_marks,
                                      &winmail_.service(),
                                      &*suppressions_};
        auto submission = submission_options(settings_);
        submission.verp = verp;
        submission_.emplace(std::move(submission), services, workers_);
        if (verp) {
            complaint_shares_.emplace(*automation_);
            bounces_.emplace(BounceServices::Parts{settings_,
                                                   *store_,
                                                   *queue_,
                                                   rules_.verdicts,
                                                   certificates_.mail(),
                                                   blocking_,
                                                   workers_,
                                                   log_,
                                                   publish,
                                                   {&*suppression_desk_, &*complaint_shares_}},
                             verp);
            bounces_->register_metrics(metrics_);
        }
        queue_->register_metrics(metrics_);
        submission_->register_metrics(metrics_);
        authenticator_->register_metrics(metrics_);
        tls_policies_->register_metrics(metrics_);
        register_state_metrics(metrics_, {*logins_, *resolver_, *store_});
        auto trap_address = sockets_.trap ? sockets_.trap->local().to_string() : std::string();
        submission::PortProfile by_https;
        by_https.habit = net::PortHabit::implicit_tls;
        web_.emplace(WebServices::Parts{settings_,
                                        *store_,
                                        *queue_,
                                        *resolver_,
                                        *courier_,
                                        tls_policies_->sts(),
                                        tls_policies_->reporter(),
                                        hub_,
                                        rules_.verdicts,
                                        *automation_,
                                        *suppressions_,
                                        learned_->sign_ins,
                                        learned_->guard,
                                        inbox_.get(),
                                        std::move(trap_address),
                                        metrics_,
                                        *relays_,
                                        certificates_,
                                        submission_->handler(by_https),
                                        blocking_,
                                        workers_,
                                        log_});
        return {};
    }

    void listen(net::BoundSocket socket, net::Listener::Handler handler) {
        listeners_.push_back(
            std::make_unique<net::Listener>(std::move(socket), workers_, std::move(handler), log_));
    }

    Result<void> start() {
        where_ = "queue";
        if (store_->clock().jumped())
            log_.warning(
                "clock.jumped",
                {{"what",
                  "the wall clock is years away from where it was; retries and expiry go on "
                  "as if the server had been down for no time"}});
        workers_.start();
        PH_CHECK(queue_->start());
        tls_policies_->start();
        Bound bound;
        for (auto& port : sockets_.submission) {
            if (port.profile.legacy)
                port.profile.tls = certificates_.legacy();
            else
                bound.submission.push_back(port.socket.local().to_string());
            listen(std::move(port.socket), submission_->handler(port.profile));
        }
        if (sockets_.trap) {
            bound.trap = sockets_.trap->local().to_string();
            submission::PortProfile open;
            open.open = true;
            open.account = "trap";
            listen(std::move(*sockets_.trap), submission_->handler(open));
        }
        if (sockets_.bounces && bounces_) {
            bound.bounces = sockets_.bounces->local().to_string();
            listen(std::move(*sockets_.bounces), bounces_->port().handler());
        }
        for (auto& listener : listeners_) listener->start();
        web_->start(std::move(sockets_.web), std::move(*admin_socket_), bound);
        announce(bound);
        certificates_.start();
        return {};
    }

    void announce(const Bound& bound) {
        auto status = queue_->status();
        log_.info("server.ready",
                  {{"version", POSTHASTE_VERSION},
                   {"submission", fmt::format("{}", fmt::join(bound.submission, " "))},
                   {"https", bound.https},
                   {"http", bound.http},
                   {"http_challenge", bound.http_challenge},
                   {"trap", bound.trap},
                   {"bounces", bound.bounces},
                   {"store", settings_.store_path},
                   {"waiting", status.waiting}});
        for (const auto& certificate : certificates_.mail()->certificates())
            log_.info("tls.certificate",
                      {{"names", fmt::format("{}", fmt::join(certificate.names, " "))},
                       {"kind", certificate.rsa ? "RSA" : "ECDSA"},
                       {"until", format_iso8601(certificate.not_after)},
                       {"fingerprint", certificate.fingerprint}});
        if (certificates_.legacy()) announce_legacy(settings_, *certificates_.legacy(), log_);
        if (const auto missing = missing_incoming(settings_); !missing.empty())
            log_.warning("setup.no_incoming", {{"why", missing}, {"mend", kIncomingMend}});
        notify_supervisor("READY=1");
        if (options_.ready) options_.ready(bound);
    }

    // The main thread from here on: signals and certificate files.
    void watch() {
        auto next_look = std::chrono::steady_clock::now() + kCertificateWatch;
        for (;;) {
            auto signal = wait_signal(1000);
            if (signal == SIGTERM || signal == SIGINT) return;
            auto now = std::chrono::steady_clock::now();
            learned_->writer.tick(now);
            if (signal != SIGHUP && now < next_look) continue;
            next_look = now + kCertificateWatch;
            certificates_.look(signal == SIGHUP);
        }
    }

    // Listeners closed; sessions get 421 at the next command and deliveries may finish their
    // transaction; then the rest is cancelled. A second signal ends the process at once: everything
    // acknowledged is on disk.
    void shut_down() {
        log_.info("server.stopping", {{"grace_s", kGrace.count()}});
        notify_supervisor("STOPPING=1");
        for (auto& listener : listeners_) listener->stop();
        web_->stop_listening();
        certificates_.stop();
        auto grace = Deadline::after(kGrace);
        wait_stopped(grace, [&](const auto& done) { submission_->stop(grace, done); });
        if (bounces_)
            wait_stopped(grace, [&](const auto& done) { bounces_->port().stop(grace, done); });
        wait_stopped(grace, [&](const auto& done) { tls_policies_->stop_reports(done); });
        wait_stopped(grace, [&](const auto& done) { queue_->stop(grace, done); });
        wait_stopped(grace, [&](const auto& done) { tls_policies_->stop(done); });
        auto soon = Deadline::after(Seconds(1));
        wait_stopped(soon, [&](const auto& done) { web_->stop(soon, done); });
        // From here on nothing waits for a signal: the kernel's own answer to a second one is the
        // end.
        unblock_signals();
        learned_->writer.flush();
        stop_now();
        log_.info("server.stopped", {});
    }

    template <class Stop>
    void wait_stopped(Deadline grace, Stop stop) {
        auto ended = std::make_shared<std::promise<void>>();
        auto future = ended->get_future();
        stop([ended] { ended->set_value(); });
        // Cancelled tasks need a moment after the deadline to run their cleanup.
        auto limit = grace.at + Seconds(5);
        while (future.wait_for(Milliseconds(10)) != std::future_status::ready) {
            auto signal = wait_signal(50);
            if (signal == SIGTERM || signal == SIGINT) {
                log_.warning("server.ended_at_once", {{"why", "second signal"}});
                std::this_thread::sleep_for(
                    Milliseconds(50));  // lets the log's thread write that line
                _exit(0);
            }
            if (std::chrono::steady_clock::now() > limit) return;
        }
    }

    void stop_now() {
        certificates_.stop();
        if (logins_) logins_->stop();
        listeners_.clear();
        if (web_) web_->close();
        workers_.stop_and_join();
        winmail_.stop();
        blocking_.stop();
    }

    const Settings& settings_;
    const DaemonOptions& options_;
    Log& log_;
    std::string where_;
    std::size_t deliveries_ = 0;  // at once

    Sockets sockets_;
    std::optional<net::BoundSocket> admin_socket_;
    MetricsRegistry metrics_;
    web::EventHub hub_;
    net::DemuxMemory demux_;
    runtime::BlockingPool blocking_{"blocking", kBlockingThreads, kBlockingQueue};
    runtime::WorkerPool workers_{std::max(1u, std::thread::hardware_concurrency())};
    WinmailDesk winmail_{settings_.winmail};
    std::optional<net::ConnectionCounter> connections_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<net::Resolver> resolver_;
    Certificates certificates_{settings_, log_};
    std::unique_ptr<trap::Inbox> inbox_;
    std::optional<TlsPolicies> tls_policies_;
    std::optional<delivery::Logins> logins_;
    std::unique_ptr<web::RelayDesk> relays_;
    std::unique_ptr<delivery::Carrier> courier_;
    ReplyRules rules_;
    std::optional<delivery::Automation> automation_;
    std::optional<delivery::WarmUp> warm_up_;
    std::optional<accounts::Suppressions> suppressions_;
    std::optional<SuppressionDesk> suppression_desk_;
    std::optional<ComplaintShares> complaint_shares_;
    std::optional<Learned> learned_;
    std::optional<accounts::Authenticator> authenticator_;
    std::optional<queue::Queue> queue_;
    std::optional<submission::Server> submission_;
    std::optional<BounceServices> bounces_;
    std::optional<WebServices> web_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;
};

}  // namespace

int run_daemon(const Settings& settings, const DaemonOptions& options, Log& log) {
    auto daemon = std::make_unique<Daemon>(settings, options, log);
    return daemon->run();
}

}  // namespace posthaste::app
