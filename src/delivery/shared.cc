#include "delivery/shared.h"

#include <algorithm>
#include <array>

namespace posthaste::delivery {

namespace {

constexpr std::array<Seconds, 4> kRests{std::chrono::minutes(5), std::chrono::minutes(10),
                                        std::chrono::minutes(20), std::chrono::minutes(30)};
constexpr auto kTellAgain = std::chrono::hours(6);

// What is shipped is read by a unit test, so it never fails here.
std::shared_ptr<const Shaping> shaping_of(const Options& options) {
    if (options.shaping) return options.shaping;
    return std::make_shared<const Shaping>(Shaping::load("").value());
}

DestinationRules rules_of(const Options& options) {
    DestinationRules rules;
    rules.own_names.push_back(options.hostname);
    for (const Source& source : options.sources) {
        if (!source.ehlo.empty()) rules.own_names.push_back(source.ehlo);
    }
    rules.own_addresses = options.own_addresses;
    rules.address_literals = options.address_literals;
    return rules;
}

}  // namespace

RouteHealth::Refusal RouteHealth::refused(const std::string& site, const std::string& text,
                                          Seconds at_least, SteadyTime now) {
    MutexLock lock(mutex_);
    State& state = states_[site];
    // Sessions that ran side by side are one refusal.
    if (state.refusals == 0 || now - state.counted_at > Seconds(60)) {
        ++state.refusals;
        state.counted_at = now;
    }
    Refusal refusal;
    refusal.suspend =
        std::max(at_least, kRests[std::min<std::size_t>(state.refusals, kRests.size()) - 1]);
    refusal.is_news = state.told != text || now - state.told_at > kTellAgain;
    if (refusal.is_news) {
        state.told = text;
        state.told_at = now;
    }
    return refusal;
}

void RouteHealth::worked(const std::string& site) {
    MutexLock lock(mutex_);
    if (!states_.empty()) states_.erase(site);
}

Shared::Shared(Options given, store::Store& s, net::Resolver& r, FinalHop* t,
               runtime::BlockingPool& b, Log& l, TlsServices tls_services, Logins* given_logins,
               DeliveredDomains* delivered_domains)
    : options(std::move(given)),
      routes(options.routes),
      store(s),
      resolver(r),
      trap(t),
      blocking(b),
      log(l),
      tls(tls_services),
      destination_rules(rules_of(options)),
      delivered(delivered_domains),
      sources(options.sources, options.source_pool, l),
      shaper(shaping_of(options), options.overrides),
      broken_tls(tls.broken != nullptr ? *tls.broken : own_broken_tls_),
      given_logins_(given_logins),
      own_logins_(given_logins == nullptr ? std::make_unique<Logins>(s, b, l) : nullptr) {
    const auto add = [&](const Smarthost* smarthost) {
        const ContextKey key = context_key(smarthost);
        if (contexts_.contains(key)) return;
        auto made = net::TlsClientContext::make(key.first, key.second);
        if (!made) {
            log.error(
                "delivery.no_certificates",
                {{"file", key.first}, {"why", made.error().text}, {"mend", made.error().mend}});
        }
        contexts_.emplace(key, std::move(made));
    };
    add(nullptr);
    for (const Route& route : routes.all()) {
        if (!route.smarthost) continue;
        add(route.smarthost.get());
        logins().add(*route.smarthost);
    }
}

const VerdictRules& Shared::verdicts() const {
    return options.verdicts ? *options.verdicts : VerdictRules::builtin();
}

Shared::ContextKey Shared::context_key(const Smarthost* smarthost) const {
    if (smarthost == nullptr) return {options.ca_file, nullptr};
    return {smarthost->ca_file, smarthost->identity.get()};
}

Result<std::shared_ptr<net::TlsClientContext>> Shared::tls_context(
    const Smarthost* smarthost) const {
    const auto found = contexts_.find(context_key(smarthost));
    if (found != contexts_.end()) return found->second;
    return fail(ErrorKind::tls, "no certificates to verify with");
}

runtime::Task<DestinationAnswer> Shared::find(mail::Domain domain) {
    auto finding = find_destination(resolver, domain, destination_rules);
    auto found = co_await std::move(finding);
    if (found || found.error().cause != mail::Cause::bad_domain || domain.is_single_label() ||
        delivered == nullptr) {
        co_return found;
    }
    auto asking = delivered->has_grace(domain.ascii(), blocking, posthaste::now());
    const bool grace = co_await std::move(asking);
    if (!grace) co_return found;
    mail::Outcome outcome = std::move(found).error();
    outcome.verdict = mail::Verdict::deferred;
    outcome.status = {4, 1, 2};
    outcome.reply +=
        ", but mail was taken there within the last 30 days: it waits up to 4 hours for "
        "the name to come back";
    co_return std::unexpected(std::move(outcome));
}

void Shared::tell_bogus(TlsLevel route, store::TlsWish wish, const TlsSession& session) const {
    TlsQuestion question;
    question.route = route;
    question.wish = wish;
    if (tls.sessions != nullptr && may_use_dane(question)) tls.sessions->note(session);
}

const Route& Shared::route_of(const queue::Parcel& parcel) const {
    if (const Route* known = routes.find(parcel.route)) return *known;
    const bool released = parcel.message->hold == store::Hold::released;
    return routes.choose(parcel.recipients.front().address.domain(), {},
                         released ? Routes::Holds::passed : Routes::Holds::kept);
}

}  // namespace posthaste::delivery
