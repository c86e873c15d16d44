#include "app/services/tls_services.h"

#include "app/layer_options.h"

namespace posthaste::app {

TlsPolicies::TlsPolicies(Parts parts) : parts_(parts) {
    const Settings& settings = parts_.settings;
    if (settings.mode == Mode::trap) return;  // nothing leaves
    https_.emplace(https_options(settings), parts_.resolver);
    if (settings.tls_reports) {
        ledger_.emplace(delivery::TlsReportLedger::Options{});
        if (const auto loaded = ledger_->load(parts_.store.engine()); !loaded)
            parts_.log.warning("learned.unreadable", {{"what", "TLS sessions to report"},
                                                      {"why", loaded.error().text},
                                                      {"mend", loaded.error().mend}});
    }
    counts_.emplace(ledger_ ? &*ledger_ : nullptr);
    if (!settings.mta_sts) return;
    delivery::MtaSts::Options options;
    options.port = settings.sts_port;
    sts_.emplace(std::move(options),
                 delivery::MtaSts::Parts{parts_.store.engine(), parts_.resolver, *https_,
                                         parts_.workers, parts_.blocking, &*counts_, parts_.log});
}

delivery::TlsServices TlsPolicies::services() {
    delivery::TlsServices services;
    services.sts = sts();
    services.sessions = counts_ ? &*counts_ : nullptr;
    return services;
}

std::vector<store::LazySource*> TlsPolicies::sources() {
    std::vector<store::LazySource*> sources;
    if (sts_) sources.push_back(&sts_->cache());
    if (ledger_) sources.push_back(&*ledger_);
    return sources;
}

void TlsPolicies::report_by(queue::Queue& queue) {
    if (!ledger_) return;
    delivery::TlsReporter::Options options;
    options.hostname = parts_.settings.hostname;
    options.admin = parts_.settings.admin;
    options.successes = parts_.settings.tls_report_successes;
    delivery::TlsReporter::Parts parts{
        *ledger_,
        parts_.store,
        parts_.resolver,
        *https_,
        parts_.workers,
        parts_.blocking,
        parts_.log,
        [&queue](queue::Submission submission) { return queue.submit(std::move(submission)); },
        [&queue](const mail::Domain& domain) { return queue.signs(domain); }};
    reporter_.emplace(std::move(options), std::move(parts));
    if (const auto loaded = reporter_->load(); !loaded)
        parts_.log.warning("learned.unreadable", {{"what", "how many TLS reports were sent"},
                                                  {"why", loaded.error().text},
                                                  {"mend", loaded.error().mend}});
}

void TlsPolicies::register_metrics(MetricsRegistry& registry) {
    if (counts_) counts_->register_metrics(registry);
    if (reporter_) reporter_->register_metrics(registry);
    if (!sts_) return;
    registry.add("posthaste_sts_policies", "MTA-STS policies in memory that hold now, by mode",
                 MetricKind::gauge, [this] {
                     const auto counts = sts_->cache().counts(now());
                     const auto sample = [](const char* mode, std::size_t value) {
                         return MetricSample{{{"mode", mode}}, static_cast<std::int64_t>(value)};
                     };
                     return std::vector<MetricSample>{sample("enforce", counts.enforce),
                                                      sample("testing", counts.testing)};
                 });
}

void TlsPolicies::start() {
    if (sts_) sts_->start();
    if (reporter_) reporter_->start();
}

void TlsPolicies::stop_reports(const std::function<void()>& done) {
    if (!reporter_) return done();
    reporter_->stop(done);
}

void TlsPolicies::stop(const std::function<void()>& done) {
    if (https_) https_->stop();
    if (!sts_) return done();
    sts_->stop(done);
}

}  // namespace posthaste::app
