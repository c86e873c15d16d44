#include "app/services/bounce_services.h"

#include "base/assert.h"

namespace posthaste::app {

namespace {

// What the rules make of words that came by mail: whose they are is not known for sure.
queue::Returns::Classify classify_by(std::shared_ptr<const delivery::VerdictRules> rules) {
    return [rules = std::move(rules)](const mail::Outcome& outcome) {
        delivery::ReplyFacts facts;
        facts.code = outcome.code;
        if (outcome.status.cls != 0) facts.status = outcome.status;
        facts.text = outcome.reply;
        facts.host = outcome.remote_host;
        facts.any_provider = true;
        return (rules ? *rules : delivery::VerdictRules::builtin()).read(facts).cause;
    };
}

queue::Returns::Options returns_options(const BounceServices::Parts& parts,
                                        std::shared_ptr<const mail::Verp> verp) {
    queue::Returns::Options options;
    options.verp = std::move(verp);
    options.classify = classify_by(parts.verdicts);
    options.listeners = parts.listeners;
    return options;
}

submission::BouncePortOptions port_options(const Settings& settings) {
    submission::BouncePortOptions options;
    options.hostname = settings.hostname;
    options.admin = settings.admin;
    options.submits = "port 587 with STARTTLS, or 465 with SSL/TLS,";
    options.message_size = settings.bounces.message_size;
    options.command_timeout = std::min<Seconds>(settings.command_timeout, options.command_timeout);
    options.data_timeout = std::min<Seconds>(settings.data_timeout, options.data_timeout);
    return options;
}

}  // namespace

std::shared_ptr<const mail::Verp> BounceServices::make_verp(const Settings& settings,
                                                            store::Store& store) {
    if (settings.bounces.domain.empty()) return nullptr;
    auto domain = mail::Domain::parse(settings.bounces.domain);
    PH_ASSERT(domain.has_value());
    return std::make_shared<const mail::Verp>(store.engine().server_secret(), std::move(*domain));
}

BounceServices::BounceServices(Parts parts, std::shared_ptr<const mail::Verp> verp)
    : returns_(returns_options(parts, std::move(verp)), parts.queue, parts.store, parts.blocking,
               parts.log, parts.events),
      port_(port_options(parts.settings),
            {parts.queue, returns_, parts.store, parts.tls, parts.blocking, parts.log},
            parts.workers) {}

void BounceServices::register_metrics(MetricsRegistry& registry) const {
    returns_.register_metrics(registry);
    port_.register_metrics(registry);
}

}  // namespace posthaste::app
