// The courier: where mail goes by its route, and who carries it there.
#include "delivery/delivery.h"

#include "base/ascii.h"
#include "delivery/attempt.h"

#include <atomic>

namespace posthaste::delivery {

namespace {

using queue::Location;
using queue::Parcel;
using queue::ParcelReport;
using queue::Site;
using queue::SiteSignal;

constexpr Seconds kRouteGoodFor = std::chrono::hours(1);
constexpr Seconds kMxGoodFor{300};
constexpr Seconds kLearning{5};
constexpr std::size_t kMicrosoftLimit = 2;  // it takes three connections a mailbox (clients.md 5.2)
constexpr Seconds kAfterReadError{60};
constexpr Seconds kStsPatience{10};  // S-1

bool is_microsoft_submission(std::string_view host) {
    return host.ends_with("smtp.office365.com") || host.ends_with("smtp-mail.outlook.com");
}

ParcelReport stay(const Parcel& parcel) {
    mail::Outcome outcome;
    outcome.status = {4, 3, 0};
    outcome.reply = "its route keeps the message here";
    ParcelReport report;
    for (const auto& recipient : parcel.recipients) {
        report.outcomes.emplace_back(recipient.index, outcome);
    }
    return report;
}

class SmtpCourier final : public queue::Courier {
  public:
    SmtpCourier(Options options, store::Store& store, net::Resolver& resolver, FinalHop* trap,
                runtime::WorkerPool& workers, runtime::BlockingPool& blocking, Log& log,
                TlsServices services, Logins* logins)
        : shared_(std::move(options), store, resolver, trap, blocking, log, services, logins),
          workers_(workers) {
        const IdleConnections::Limits limits;  // where a path has none of its own
        for (std::size_t i = 0; i < workers.size(); ++i) {
            idle_.push_back(std::make_unique<IdleConnections>(limits, workers[i], log));
            closers_.push_back(std::make_unique<runtime::TaskGroup>(workers[i], log));
        }
    }

    ~SmtpCourier() override {
        // Their workers have ended before them; the process is about to.
        for (auto& closer : closers_) {
            // NOLINTNEXTLINE(bugprone-unused-return-value): left to the process
            if (closer->size() > 0) closer.release();
        }
    }

    runtime::Task<Location> locate(mail::Domain domain, std::string route) override;
    runtime::Task<ParcelReport> deliver(Parcel parcel) override;
    void stop(const std::function<void()>& done) override;

  private:
    Site fixed_site(const Route& route);
    Site mx_site(const Destination& destination, const std::string& domain,
                 const std::string& promised);
    runtime::Task<void> learn_sites();
    runtime::Task<ParcelReport> give_to_trap(Parcel parcel);

    static runtime::Task<void> close_idle(IdleConnections& idle,
                                          std::shared_ptr<std::function<void()>> last) {
        auto closing = idle.close();
        co_await std::move(closing);
        last.reset();
    }

    Shared shared_;
    runtime::WorkerPool& workers_;
    std::vector<std::unique_ptr<IdleConnections>> idle_;  // by worker
    std::vector<std::unique_ptr<runtime::TaskGroup>> closers_;
};

Site SmtpCourier::fixed_site(const Route& route) {
    Site site;
    site.key = route.site;
    site.mixes_domains = true;
    site.good_for = kRouteGoodFor;
    if (!route.smarthost) return site;
    const Smarthost& smarthost = *route.smarthost;
    SiteShaper::Where where;
    where.hosts.push_back(ascii::to_lower(smarthost.host));
    shared_.shaper.shape(site, where, std::chrono::steady_clock::now());
    if (smarthost.max_messages_a_minute > 0) {
        site.paces.push_back(
            {site.key + " a minute", {smarthost.max_messages_a_minute, Seconds(60), 0}, true});
    }
    if (smarthost.max_connections > 0) {
        site.max_deliveries = smarthost.max_connections;
    } else if (is_microsoft_submission(smarthost.host)) {
        site.max_deliveries = std::min(site.max_deliveries, kMicrosoftLimit);
    }
    if (smarthost.max_recipients > 0)
        site.max_recipients = std::min(site.max_recipients, smarthost.max_recipients);
    return site;
}

runtime::Task<Location> SmtpCourier::locate(mail::Domain domain, std::string) {
    Location location;
    location.hold = shared_.routes.choose(domain).kind == RouteRule::Kind::hold;
    const Route& route = shared_.routes.choose(domain, Routes::Holds::passed);
    switch (route.kind) {
        case RouteRule::Kind::hold:
            co_return location;
        case RouteRule::Kind::trap:
        case RouteRule::Kind::smarthost:
            location.site = fixed_site(route);
            co_return location;
        case RouteRule::Kind::mx:
            break;
    }
    auto learning = learn_sites();
    co_await std::move(learning);
    auto finding = find_destination(shared_.resolver, domain, shared_.options.hostname);
    auto destination = co_await std::move(finding);
    if (!destination) {
        location.otherwise = std::move(destination).error();
        co_return location;
    }
    const std::string name = domain.ascii();
    std::string promised;
    // A domain whose policy the hosts do not keep must not slow down others that they serve
    // (delivery.md 0.1).
    TlsQuestion question;
    question.route = route.tls;
    if (shared_.tls.sts != nullptr && may_use_sts(question)) {
        auto asking = shared_.tls.sts->policy_of(std::move(domain), Deadline::after(kStsPatience));
        const auto policy = co_await std::move(asking);
        if (policy && policy->mode == StsMode::enforce) promised = " sts:" + policy->fingerprint;
    }
    location.site = mx_site(*destination, name, promised);
    co_return location;
}

// `promised`: the domain's own TLS policy, as it stands in the key.
Site SmtpCourier::mx_site(const Destination& destination, const std::string& domain,
                          const std::string& promised) {
    Site site;
    site.key = destination.site() + promised;
    site.good_for = kMxGoodFor;
    SiteShaper::Where where;
    for (const MxHost& host : destination.hosts) where.hosts.push_back(host.name);
    where.domain = domain;
    where.hosts_key = destination.hosts_key();
    shared_.shaper.shape(site, where, std::chrono::steady_clock::now());
    return site;
}

// The hosts of the domains that the operator's shaping file names sites by: whoever shares them is
// under the same limits. A short while at most, and again later for those without an answer.
runtime::Task<void> SmtpCourier::learn_sites() {
    const auto domains = shared_.shaper.to_learn(std::chrono::steady_clock::now());
    if (domains.empty()) co_return;
    const Deadline deadline = Deadline::after(kLearning);
    for (const std::string& name : domains) {
        const auto domain = mail::Domain::parse(name);
        if (!domain || deadline.passed()) continue;
        auto asking = shared_.resolver.mx(name, deadline);
        const auto answer = co_await std::move(asking);
        const auto destination = judge_mx(*domain, answer, shared_.options.hostname);
        if (!destination) continue;
        const std::string other = shared_.shaper.learn(name, destination->hosts_key());
        if (other.empty()) continue;
        shared_.log.warning("delivery.two_blocks_of_one_site",
                            {{"block", name},
                             {"other", other},
                             {"why", "both domains have the same MX hosts, so both blocks hold"},
                             {"mend",
                              "keep one [site] block of the shaping file, or make one a "
                              "[domain] block"}});
    }
}

runtime::Task<ParcelReport> SmtpCourier::deliver(Parcel parcel) {
    const Route& route = shared_.route_of(parcel);
    if (route.kind == RouteRule::Kind::trap && shared_.trap != nullptr) {
        auto giving = give_to_trap(std::move(parcel));
        auto report = co_await std::move(giving);
        co_return report;
    }
    if (route.kind == RouteRule::Kind::trap || route.kind == RouteRule::Kind::hold) {
        co_return stay(parcel);  // whatever went wrong: such mail never leaves
    }
    const auto& context = co_await runtime::this_task();
    Attempt attempt(shared_, *idle_[context.worker->index()], parcel);
    auto running = attempt.run();
    auto report = co_await std::move(running);
    co_return report;
}

runtime::Task<ParcelReport> SmtpCourier::give_to_trap(Parcel parcel) {
    ParcelReport report;
    std::vector<mail::Outcome> outcomes;
    auto opening = ContentSource::open(shared_.store, shared_.blocking, parcel.message);
    auto body = co_await std::move(opening);
    if (body) {
        report.signal = SiteSignal::good;
        auto taking = shared_.trap->take(parcel, body->take_reader());
        outcomes = co_await std::move(taking);
    } else {
        shared_.log.error("delivery.unreadable", {{"id", parcel.message->id.to_string()},
                                                  {"why", body.error().text},
                                                  {"mend", body.error().mend}});
    }
    mail::Outcome untold;
    untold.status = {4, 3, 0};
    untold.reply = "our server could not read the message";
    untold.retry_after = kAfterReadError;
    outcomes.resize(parcel.recipients.size(), untold);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        report.outcomes.emplace_back(parcel.recipients[i].index, std::move(outcomes[i]));
    }
    co_return report;
}

// `done` runs when the last worker has closed what it kept.
void SmtpCourier::stop(const std::function<void()>& done) {
    std::shared_ptr<std::function<void()>> last(new std::function<void()>(done),
                                                [](std::function<void()>* all_closed) {
                                                    (*all_closed)();
                                                    delete all_closed;
                                                });
    for (std::size_t i = 0; i < idle_.size(); ++i) {
        workers_[i].post([this, i, last] { closers_[i]->spawn(close_idle(*idle_[i], last)); });
    }
}

}  // namespace

std::unique_ptr<queue::Courier> make_courier(Options options, store::Store& store,
                                             net::Resolver& resolver, FinalHop* trap,
                                             runtime::WorkerPool& workers,
                                             runtime::BlockingPool& blocking, Log& log,
                                             TlsServices services, Logins* logins) {
    return std::make_unique<SmtpCourier>(std::move(options), store, resolver, trap, workers,
                                         blocking, log, services, logins);
}

}  // namespace posthaste::delivery
