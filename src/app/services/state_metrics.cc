#include "app/services/state_metrics.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace posthaste::app {

namespace {

using delivery::LoginReport;
using Token = delivery::TokenSource::Report;
using Labels = std::vector<std::pair<std::string, std::string>>;

// As `posthaste relay status --json` names it; from the configuration, so there are few.
Labels labels_of(const LoginReport& login) {
    return {{"route", login.route.empty() ? "default" : login.route}};
}

// One number for each login that has tokens; nothing where `read` gives nothing.
MetricsRegistry::ReadSamples of_tokens(
    const delivery::Logins& logins, std::function<std::optional<std::int64_t>(const Token&)> read) {
    return [&logins, read = std::move(read)] {
        std::vector<MetricSample> samples;
        for (const LoginReport& login : logins.report()) {
            if (!login.token) continue;
            if (const auto value = read(*login.token))
                samples.push_back({labels_of(login), *value});
        }
        return samples;
    };
}

std::int64_t seconds_left(const Token& token) {
    if (!token.until) return 0;
    return std::max<std::int64_t>(
        0, std::chrono::duration_cast<Seconds>(*token.until - now()).count());
}

void register_logins(MetricsRegistry& registry, const delivery::Logins& logins) {
    registry.add("posthaste_login_works",
                 "whether the smarthost took the last login; absent before the first",
                 MetricKind::gauge, [&logins] {
                     std::vector<MetricSample> samples;
                     for (const LoginReport& login : logins.report()) {
                         if (!login.worked && !login.refused) continue;
                         samples.push_back({labels_of(login), login.refused ? 0 : 1});
                     }
                     return samples;
                 });
    registry.add("posthaste_token_seconds", "how long the login's token is still good; 0: none is",
                 MetricKind::gauge, of_tokens(logins, seconds_left));
    registry.add("posthaste_token_fetches_total", "tokens that the token server has given",
                 MetricKind::counter, of_tokens(logins, [](const Token& token) {
                     return std::optional(static_cast<std::int64_t>(token.tokens));
                 }));
    registry.add("posthaste_token_failures_total", "questions to the token server without a token",
                 MetricKind::counter, of_tokens(logins, [](const Token& token) {
                     return std::optional(static_cast<std::int64_t>(token.failures));
                 }));
    registry.add("posthaste_token_trouble",
                 "1 while the last question failed, by kind: passing, setting (something must be "
                 "mended), sign_in (a person must sign in)",
                 MetricKind::gauge, [&logins] {
                     std::vector<MetricSample> samples;
                     for (const LoginReport& login : logins.report()) {
                         if (!login.token || !login.token->trouble_kind) continue;
                         Labels labels = labels_of(login);
                         labels.emplace_back("kind", to_string(*login.token->trouble_kind));
                         samples.push_back({std::move(labels), 1});
                     }
                     return samples;
                 });
}

}  // namespace

void register_state_metrics(MetricsRegistry& registry, const StateSources& sources) {
    register_logins(registry, sources.logins);
    registry.add_number("posthaste_resolver_validates",
                        "1: DNSSEC is validated, so DANE is kept to", MetricKind::gauge,
                        [&resolver = sources.resolver] {
                            return std::int64_t{resolver.validation().works ? 1 : 0};
                        });
    registry.add("posthaste_history_records_total",
                 "records of the history, by what became of them; given_up: they are lost, the log "
                 "says why",
                 MetricKind::counter, [&store = sources.store] {
                     const auto counts = store.history_counts();
                     return std::vector<MetricSample>{
                         {{{"what", "written"}}, static_cast<std::int64_t>(counts.written)},
                         {{{"what", "given_up"}}, static_cast<std::int64_t>(counts.given_up)}};
                 });
    registry.add_number("posthaste_history_files_dropped_total",
                        "days of the history that were dropped for age or size",
                        MetricKind::counter, [&store = sources.store] {
                            return static_cast<std::int64_t>(store.history_counts().dropped);
                        });
}

}  // namespace posthaste::app
