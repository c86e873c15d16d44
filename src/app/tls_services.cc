#include "app/tls_services.h"

#include "app/layer_options.h"

namespace posthaste::app {

TlsPolicies::TlsPolicies(Parts parts) : settings_(parts.settings) {
    if (settings_.mode == Mode::trap || !settings_.mta_sts) return;
    https_.emplace(https_options(settings_), parts.resolver);
    delivery::MtaSts::Options options;
    options.port = settings_.sts_port;
    sts_.emplace(std::move(options),
                 delivery::MtaSts::Parts{parts.store.engine(), parts.resolver, *https_,
                                         parts.workers, parts.blocking, nullptr, parts.log});
}

delivery::TlsServices TlsPolicies::services() {
    delivery::TlsServices services;
    services.sts = sts();
    return services;
}

std::vector<store::LazySource*> TlsPolicies::sources() {
    std::vector<store::LazySource*> sources;
    if (sts_) sources.push_back(&sts_->cache());
    return sources;
}

void TlsPolicies::start() {
    if (sts_) sts_->start();
}

void TlsPolicies::stop(const std::function<void()>& done) {
    if (!sts_) {
        done();
        return;
    }
    https_->stop();
    sts_->stop(done);
}

}  // namespace posthaste::app
