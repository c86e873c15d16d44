// The courier: where mail goes by its route, and who carries it there.
#include "delivery/delivery.h"

#include "base/ascii.h"
#include "delivery/attempt/attempt.h"
#include "delivery/route/path.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>

#include <fmt/format.h>

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
constexpr Seconds kFallbackGoodFor{0};  // asked for each message, so that mail turns to it at once
constexpr Seconds kBackSoon{30};        // ... and back
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

// What a fallback came to takes the place of what the first route did; about the site, whose parcel
// it was, the first has the word.
void merge(ParcelReport& all, ParcelReport&& part, bool first) {
    if (first) {
        all = std::move(part);
        return;
    }
    for (auto& attempt : part.tries) all.tries.push_back(std::move(attempt));
    for (auto& [index, outcome] : part.outcomes) {
        const auto place =
            std::ranges::find(all.outcomes, index, [](const auto& o) { return o.first; });
        if (place != all.outcomes.end()) place->second = std::move(outcome);
    }
}

class SmtpCourier final : public Carrier {
  public:
    SmtpCourier(Options options, store::Store& store, net::Resolver& resolver, FinalHop* trap,
                runtime::WorkerPool& workers, runtime::BlockingPool& blocking, Log& log,
                TlsServices services, Logins* logins, DeliveredDomains* delivered)
        : shared_(std::move(options), store, resolver, trap, blocking, log, services, logins,
                  delivered),
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

    std::string route_for(std::string_view domain, const queue::Origin& origin) const override {
        const std::string route_class = shared_.routes.class_of(domain, origin);
        return join_path(route_class, source_of(domain, route_class, origin.message));
    }

    bool has_route(std::string_view name) const override {
        return shared_.routes.find(name) != nullptr;
    }

    runtime::Task<Location> locate(mail::Domain domain, std::string path) override;
    runtime::Task<ParcelReport> deliver(Parcel parcel) override;
    void stop(const std::function<void()>& done) override;
    runtime::Task<Plan> plan(PlanQuestion question) override;

  private:
    std::string_view source_of(std::string_view domain, std::string_view route_class,
                               const QueueId& message) const;
    std::string source_at(const Route& route, std::string_view source) const;
    void mind_warm_up(const Route& route, Site& site) const;
    Site fixed_site(const Route& route, std::string_view source);

    struct MxQuestion {
        const Destination& destination;
        const std::string& domain;
        const Route& route;
        std::string_view source;
        const std::string& promised;  // the domain's own TLS policy, as it stands in the key
    };

    Site mx_site(const MxQuestion& question);
    runtime::Task<void> learn_sites();
    runtime::Task<ParcelReport> give_to_trap(Parcel parcel);
    const Route* fallback_of(const Route& route) const;
    void tell_sources(const Route& route, Plan& plan) const;
    std::string told_warm_up(const std::string& source, const std::string& provider) const;

    enum class Purpose { mail, question };  // of a person, about whom nobody else is told

    runtime::Task<Location> locate_for(Purpose purpose, mail::Domain domain, std::string path);
    runtime::Task<std::optional<Location>> locate_by(Purpose purpose, mail::Domain domain,
                                                     const Route& route, std::string source);
    std::vector<Parcel> left_over(const Parcel& parcel, const Route& route,
                                  const std::vector<std::uint32_t>& unheard);

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

// Of the pool that its route sends from; empty where it has no choice.
std::string_view SmtpCourier::source_of(std::string_view domain, std::string_view route_class,
                                        const QueueId& message) const {
    if (shared_.sources.all().size() < 2 || message == QueueId{}) return {};
    const auto parsed = mail::Domain::parse(domain);
    if (!parsed) return {};
    const Route& route = *shared_.routes.choice(*parsed, route_class).released;
    if (route.kind != RouteRule::Kind::mx && route.kind != RouteRule::Kind::smarthost) return {};
    return shared_.sources.home_of(
        route.sources, source_key(message.to_string(), domain, route.smarthost != nullptr));
}

// A fallback may have a pool of its own.
std::string SmtpCourier::source_at(const Route& route, std::string_view source) const {
    const auto& names = shared_.sources.names_of(route.sources);
    const bool its = names.size() > 1 && std::ranges::find(names, source) != names.end();
    return its ? std::string(source) : std::string();
}

// One recipient at a time while the address is new there, so that a day's number is kept to.
void SmtpCourier::mind_warm_up(const Route& route, Site& site) const {
    if (shared_.options.warm_up == nullptr) return;
    const auto& names = shared_.sources.names_of(route.sources);
    std::string_view source = site.source;
    if (source.empty() && names.size() == 1) source = names.front();
    if (!shared_.options.warm_up->is_warm(source, site.provider)) site.max_recipients = 1;
}

Site SmtpCourier::fixed_site(const Route& route, std::string_view source) {
    Site site;
    site.source = source_at(route, source);
    site.key = route.site;
    site.mixes_domains = true;
    site.good_for = route.fallback.empty() ? kRouteGoodFor : kFallbackGoodFor;
    site.route = route.name;
    if (!route.smarthost) return site;
    const Smarthost& smarthost = *route.smarthost;
    SiteShaper::Where where;
    where.hosts.push_back(ascii::to_lower(smarthost.host));
    where.source = site.source;
    where.provider = shared_.verdicts().provider_of(where.hosts);
    shared_.shaper.shape(site, where, std::chrono::steady_clock::now());
    if (smarthost.max_messages_a_minute > 0) {
        site.paces.push_back(
            {route.site + " a minute", {smarthost.max_messages_a_minute, Seconds(60), 0}, true});
    }
    if (smarthost.max_connections > 0) {
        site.max_deliveries = smarthost.max_connections;
    } else if (is_microsoft_submission(smarthost.host)) {
        site.max_deliveries = std::min(site.max_deliveries, kMicrosoftLimit);
    }
    // Its limits are those of a customer, whichever of our addresses the customer comes from.
    if (!site.source.empty()) site.caps.push_back({route.site, site.max_deliveries});
    if (smarthost.max_recipients > 0)
        site.max_recipients = std::min(site.max_recipients, smarthost.max_recipients);
    mind_warm_up(route, site);
    return site;
}

const Route* SmtpCourier::fallback_of(const Route& route) const {
    return shared_.routes.find(route.fallback);
}

// Nothing: the route has a fallback, and that is what mail should take now.
runtime::Task<std::optional<Location>> SmtpCourier::locate_by(Purpose purpose, mail::Domain domain,
                                                              const Route& route,
                                                              std::string source) {
    Location location;
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool has_fallback = fallback_of(route) != nullptr;
    if (route.kind == RouteRule::Kind::hold) co_return location;
    if (route.kind != RouteRule::Kind::mx) {
        Site site = fixed_site(route, source);
        if (has_fallback && shared_.route_state.is_down(site.key, now)) co_return std::nullopt;
        location.site = std::move(site);
        co_return location;
    }
    auto learning = learn_sites();
    co_await std::move(learning);
    auto finding = shared_.find(domain);
    auto destination = co_await std::move(finding);
    if (!destination) {
        const NoDestination& outcome = destination.error();
        if (outcome.bogus && purpose == Purpose::mail)
            shared_.tell_bogus(route.tls, store::TlsWish::none, bogus_dns(domain.ascii()));
        if (has_fallback && outcome.cause == mail::Cause::dns_failure) {
            const std::string name = "dns:" + domain.ascii();
            shared_.route_state.failed(name, route.fallback_after, now);
            if (route.fallback_after == 1 || shared_.route_state.is_down(name, now)) {
                co_return std::nullopt;
            }
        }
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
    Site site = mx_site({*destination, name, route, source, promised});
    if (has_fallback) site.good_for = kFallbackGoodFor;
    if (has_fallback && shared_.route_state.is_down(site.key, now)) co_return std::nullopt;
    location.site = std::move(site);
    co_return location;
}

Site SmtpCourier::mx_site(const MxQuestion& question) {
    const Destination& destination = question.destination;
    Site site;
    site.source = source_at(question.route, question.source);
    site.key = destination.site() + question.route.mark + question.promised;
    site.route = question.route.name;
    site.good_for = kMxGoodFor;
    SiteShaper::Where where;
    for (const MxHost& host : destination.hosts) where.hosts.push_back(host.name);
    where.domain = question.domain;
    where.source = site.source;
    where.hosts_key = destination.hosts_key();
    where.provider = shared_.verdicts().provider_of(where.hosts);
    shared_.shaper.shape(site, where, std::chrono::steady_clock::now());
    mind_warm_up(question.route, site);
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
        const auto destination = judge_mx(*domain, answer, shared_.destination_rules);
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

runtime::Task<Location> SmtpCourier::locate(mail::Domain domain, std::string path) {
    return locate_for(Purpose::mail, std::move(domain), std::move(path));
}

runtime::Task<Location> SmtpCourier::locate_for(Purpose purpose, mail::Domain domain,
                                                std::string path) {
    const PathWords words = split_path(path);
    const std::string source(words.source);
    const Routes::Choice choice = shared_.routes.choice(domain, words.route_class);
    const Route* route = choice.released;
    std::optional<Location> location;
    // A chain of fallbacks that came back would be refused at the start.
    for (std::size_t i = 0; i <= shared_.routes.all().size() && !location; ++i) {
        auto locating = locate_by(purpose, domain, *route, source);
        location = co_await std::move(locating);
        if (!location) route = fallback_of(*route);
    }
    if (!location) location.emplace();
    if (location->site && route != choice.released)
        location->site->good_for = std::min(location->site->good_for, kBackSoon);
    location->hold = choice.route->kind == RouteRule::Kind::hold;
    co_return std::move(*location);
}

// Those that its fallback takes over now: `fallback_after` attempts have reached no host, or its
// hosts are known to be down.
std::vector<Parcel> SmtpCourier::left_over(const Parcel& parcel, const Route& route,
                                           const std::vector<std::uint32_t>& unheard) {
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool nobody_heard = unheard.size() == parcel.recipients.size();
    if (nobody_heard) {
        shared_.route_state.failed(parcel.site, route.fallback_after, now);
    } else {
        shared_.route_state.worked(parcel.site);
    }
    const bool down = shared_.route_state.is_down(parcel.site, now);
    const Route& next = *fallback_of(route);
    std::map<std::string, Parcel> left;  // by site: MX hosts take one domain at a time
    for (const store::RecipientRow& recipient : parcel.recipients) {
        const bool tried_enough = down || recipient.attempts + 1 >= route.fallback_after;
        if (!tried_enough || std::ranges::find(unheard, recipient.index) == unheard.end()) continue;
        std::string site = next.site;
        if (next.kind == RouteRule::Kind::mx) {
            site = fmt::format("{} for {} instead of {}", next.name,
                               recipient.address.domain().ascii(), parcel.site);
        }
        Parcel& its = left[site];
        its.message = parcel.message;
        its.site = std::move(site);
        its.route = next.name;
        its.recipients.push_back(recipient);
    }
    std::vector<Parcel> parcels;
    for (auto& [site, its] : left) parcels.push_back(std::move(its));
    return parcels;
}

runtime::Task<ParcelReport> SmtpCourier::deliver(Parcel parcel) {
    const Route* route = &shared_.route_of(parcel);
    if (route->kind == RouteRule::Kind::trap && shared_.trap != nullptr) {
        auto giving = give_to_trap(std::move(parcel));
        auto report = co_await std::move(giving);
        for (auto& [index, outcome] : report.outcomes) outcome.route = route->name;
        co_return report;
    }
    if (route->kind == RouteRule::Kind::trap || route->kind == RouteRule::Kind::hold) {
        co_return stay(parcel);  // whatever went wrong: such mail never leaves
    }
    const auto& context = co_await runtime::this_task();
    IdleConnections& idle = *idle_[context.worker->index()];
    ParcelReport report;
    std::deque<Parcel> left;
    left.push_back(std::move(parcel));
    for (bool first = true; !left.empty(); first = false) {
        const Parcel now = std::move(left.front());
        left.pop_front();
        if (!first) route = &shared_.route_of(now);
        Attempt attempt(shared_, idle, now, *route);
        auto running = attempt.run();
        auto part = co_await std::move(running);
        for (auto& [index, outcome] : part.outcomes) outcome.route = route->name;
        merge(report, std::move(part), first);
        if (fallback_of(*route) == nullptr || context.cancelled) continue;
        for (Parcel& next : left_over(now, *route, attempt.unheard())) {
            left.push_back(std::move(next));
        }
    }
    co_return report;
}

// An attempt for somebody there, told and not made.
runtime::Task<Plan> SmtpCourier::plan(PlanQuestion question) {
    const std::string route_class = shared_.routes.class_of(
        question.domain.ascii(), {question.sender, question.account, question.route});
    const Routes::Choice choice = shared_.routes.choice(question.domain, route_class);
    Plan plan;
    plan.validates = shared_.resolver.validation().works;
    plan.held = choice.route->kind == RouteRule::Kind::hold;
    auto locating = locate_for(Purpose::question, question.domain, route_class);
    Location location = co_await std::move(locating);
    const Route* route = choice.released;
    if (location.site) {
        if (const Route* used = shared_.routes.find(location.site->route)) route = used;
        plan.site = location.site->key;
        plan.provider = location.site->provider;
        plan.max_deliveries = location.site->max_deliveries;
        plan.max_recipients = location.site->max_recipients;
    } else if (route->kind != RouteRule::Kind::hold) {
        plan.outcome = location.otherwise;
    }
    plan.instead = route != choice.released;
    if (plan.held) {
        plan.released_to = route->name;
        plan.route = choice.route->name;
        plan.rule = choice.route->rule;
    } else {
        plan.route = route->name;
        plan.rule = route->rule;
    }
    using Kind = RouteRule::Kind;
    plan.kind = route->kind == Kind::mx                      ? "mx"
                : route->kind == Kind::trap                  ? "trap"
                : route->kind == Kind::hold                  ? "hold"
                : route->smarthost && route->smarthost->lmtp ? "lmtp"
                                                             : "relay";
    plan.fallback = route->fallback;
    plan.fallback_after = route->fallback_after;
    tell_sources(*route, plan);
    if (!location.site || route->kind == Kind::trap) co_return plan;
    auto message = std::make_shared<store::MessageRow>();
    message->id = QueueId::make();
    // Not so fresh that a failed question to DNS is taken for a passing one.
    message->accepted = shared_.store.clock().now_queue() - std::chrono::minutes(5);
    message->release = message->accepted;
    Parcel parcel;
    parcel.message = std::move(message);
    parcel.site = plan.site;
    parcel.route = route->name;
    auto somebody = mail::Mailbox::parse("postmaster@" + question.domain.ascii());
    if (!somebody) co_return plan;
    parcel.recipients.emplace_back().address = std::move(*somebody);
    Attempt attempt(shared_, *idle_.front(), parcel, *route);
    auto explaining = attempt.explain(plan);
    co_await std::move(explaining);
    co_return plan;
}

// For people; empty where it is warm.
std::string SmtpCourier::told_warm_up(const std::string& source,
                                      const std::string& provider) const {
    if (shared_.options.warm_up == nullptr || shared_.options.warm_up->is_warm(source, provider)) {
        return {};
    }
    for (const WarmUp::Told& told : shared_.options.warm_up->list()) {
        if (told.source != source || told.provider != provider) continue;
        std::string text = fmt::format("new to {}: day {}, {} of {} recipients sent today",
                                       provider, told.day, told.sent, told.cap);
        if (!told.held_back.empty()) {
            text += "; tomorrow's are no more, since " + told.held_back;
        }
        return text;
    }
    return {};
}

void SmtpCourier::tell_sources(const Route& route, Plan& plan) const {
    const SteadyTime now = std::chrono::steady_clock::now();
    const auto& names = shared_.sources.names_of(route.sources);
    for (const Source& source : shared_.sources.all()) {
        if (std::ranges::find(names, source.name) == names.end()) continue;
        PlannedSource told{source.name, {}, source.ehlo, source.weight};
        if (told.ehlo.empty()) told.ehlo = shared_.options.hostname;
        if (source.v4) told.addresses.push_back(source.v4->to_string());
        if (source.v6) told.addresses.push_back(source.v6->to_string());
        if (const auto until = shared_.sources.suspended_until(source, now))
            told.rests = std::chrono::duration_cast<Seconds>(*until - now);
        told.warm_up = told_warm_up(source.name, plan.provider);
        plan.sources.push_back(std::move(told));
    }
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

std::unique_ptr<Carrier> make_courier(Options options, store::Store& store, net::Resolver& resolver,
                                      FinalHop* trap, runtime::WorkerPool& workers,
                                      runtime::BlockingPool& blocking, Log& log,
                                      TlsServices services, Logins* logins,
                                      DeliveredDomains* delivered) {
    return std::make_unique<SmtpCourier>(std::move(options), store, resolver, trap, workers,
                                         blocking, log, services, logins, delivered);
}

}  // namespace posthaste::delivery
