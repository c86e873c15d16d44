#include "app/services/web_services.h"

#include "app/layer_options.h"
#include "base/ascii.h"
#include "web/admin/api.h"
#include "web/pages/challenge_pages.h"
#include "web/pages/metrics_page.h"
#include "web/pages/public_pages.h"
#include "web/setup/setup_link_pages.h"
#include "web/setup/setup_pages.h"
#include "web/trap/trap_pages.h"

#include <algorithm>
#include <atomic>

namespace posthaste::app {

namespace {

// Browsers open six connections each, and an office or a provider's whole network may share one
// address.
constexpr std::size_t kPublicConnections = 4000;
constexpr std::size_t kPublicPerAddress = 200;
// No public page waits for longer than a moment, but for the live line of the set-up page.
constexpr std::size_t kPublicMaxBody = 64 << 10;
// The copy of a large store, on a slow disk.
constexpr Seconds kLongestCommand = std::chrono::hours(2) + Seconds(10);

runtime::Task<bool> is_our_name(const Settings& settings,
                                std::shared_ptr<web::ServedDomains> served, std::string host) {
    const auto& further = settings.acme_names;
    if (ascii::equals_ignore_case(host, settings.hostname) ||
        std::ranges::find(further, host) != further.end())
        co_return true;
    auto names = co_await served->get();
    co_return names&& web::is_name_of(**names, host);
}

}  // namespace

Result<WebSockets> WebSockets::bind(const Settings& settings) {
    WebSockets sockets;
    if (settings.https) {
        PH_TRY(sockets.https, net::BoundSocket::bind(*settings.https));
    }
    if (settings.http) {
        PH_TRY(sockets.http, net::BoundSocket::bind(*settings.http));
    }
    if (settings.http_challenge) {
        PH_TRY(sockets.http_challenge, net::BoundSocket::bind(*settings.http_challenge));
    }
    if (settings.metrics) {
        PH_TRY(sockets.metrics, net::BoundSocket::bind(*settings.metrics));
    }
    return sockets;
}

WebServices::WebServices(Parts parts) : parts_(std::move(parts)) {
    const web::HttpServer::Options bounds;
    auto patient = bounds;
    patient.handler_timeout = kLongestCommand;
    auto admin = std::make_shared<web::Router>();
    web::AdminServices services{parts_.store,
                                parts_.queue,
                                parts_.blocking,
                                &parts_.hub,
                                parts_.settings.hostname,
                                POSTHASTE_VERSION,
                                dns_facts(parts_.settings)};
    services.public_base = public_base(parts_.settings);
    services.certificates = &parts_.certificates;
    services.relays = &parts_.relays;
    services.sign_ins = &parts_.sign_ins;
    services.guard = &parts_.guard;
    services.resolver = &parts_.resolver;
    services.sts = parts_.sts;
    services.tls_reports = parts_.tls_reports;
    services.verdicts = parts_.verdicts;
    services.automation = &parts_.automation;
    services.suppressions = &parts_.suppressions;
    services.planner = [carrier = &parts_.carrier]() -> Result<delivery::Carrier*> {
        return carrier;
    };
    web::add_admin_api(*admin, std::move(services));
    admin_ = std::make_unique<web::HttpServer>(patient, admin, parts_.workers, parts_.log);

    auto pages = public_pages();
    auto open = bounds;
    open.max_connections = kPublicConnections;
    open.max_per_address = kPublicPerAddress;
    open.max_body = kPublicMaxBody;
    open.mail = parts_.mail;
    open.mail_name = parts_.settings.hostname;
    public_ = std::make_unique<web::HttpServer>(open, pages, parts_.workers, parts_.log);

    // The inbox comes first: its list is what "/" shows on loopback. Under a stranger's name (or
    // behind a proxy that hands on ours) there are the public pages only.
    auto local = std::make_shared<web::Router>();
    if (parts_.inbox != nullptr)
        web::add_trap_pages(*local, *parts_.inbox, parts_.blocking,
                            {parts_.trap_address, POSTHASTE_VERSION});
    local->add_all(*pages);
    auto guarded = bounds;
    guarded.check_host = true;
    guarded.for_strangers = pages;
    local_ = std::make_unique<web::HttpServer>(guarded, local, parts_.workers, parts_.log);

    open.mail = nullptr;
    auto served = std::make_shared<web::ServedDomains>(parts_.store, parts_.blocking);
    auto challenge = std::make_shared<web::Router>();
    web::add_challenge_pages(*challenge, {[&certificates = parts_.certificates](auto token) {
                                              return certificates.challenge_text(token);
                                          },
                                          public_base(parts_.settings),
                                          [&settings = parts_.settings, served](std::string host) {
                                              return is_our_name(settings, served, std::move(host));
                                          }});
    challenge_ = std::make_unique<web::HttpServer>(open, challenge, parts_.workers, parts_.log);

    auto numbers = std::make_shared<web::Router>();
    web::add_metrics_page(*numbers, parts_.metrics);
    numbers_ = std::make_unique<web::HttpServer>(bounds, numbers, parts_.workers, parts_.log);
}

// One router for listen.https and for loopback.
std::shared_ptr<web::Router> WebServices::public_pages() const {
    auto services = std::make_shared<web::PublicServices>(parts_.store, parts_.blocking);
    services->settings = mail_settings(parts_.settings);
    services->admin = parts_.settings.admin;
    services->tls = parts_.certificates.web();
    auto pages = std::make_shared<web::Router>();
    web::add_public_pages(*pages, services);
    const web::SetupPagesOptions setup{
        .settings = services->settings,
        .admin = parts_.settings.admin,
        .trap = parts_.settings.mode == Mode::trap,
        .domains = std::shared_ptr<web::ServedDomains>(services, &services->domains)};
    web::add_setup_pages(*pages, setup);
    web::add_setup_link_pages(
        *pages, {parts_.store, parts_.queue, parts_.blocking, parts_.hub, parts_.sign_ins, setup});
    return pages;
}

void WebServices::listen(net::BoundSocket socket, net::Listener::Handler handler) {
    listeners_.push_back(std::make_unique<net::Listener>(std::move(socket), parts_.workers,
                                                         std::move(handler), parts_.log));
    listeners_.back()->start();
}

void WebServices::start(WebSockets sockets, net::BoundSocket admin_socket, Bound& bound) {
    if (sockets.https) {
        bound.https = sockets.https->local().to_string();
        listen(std::move(*sockets.https), public_->handler(parts_.certificates.web()));
    }
    if (sockets.http) {
        bound.http = sockets.http->local().to_string();
        listen(std::move(*sockets.http), local_->handler(nullptr));
    }
    if (sockets.http_challenge) {
        bound.http_challenge = sockets.http_challenge->local().to_string();
        listen(std::move(*sockets.http_challenge), challenge_->handler(nullptr));
    }
    if (sockets.metrics) {
        bound.metrics = sockets.metrics->local().to_string();
        listen(std::move(*sockets.metrics), numbers_->handler(nullptr));
    }
    listen(std::move(admin_socket), admin_->handler(nullptr));
}

void WebServices::stop_listening() {
    for (auto& listener : listeners_) listener->stop();
}

void WebServices::stop(Deadline grace, const std::function<void()>& done) {
    web::HttpServer* const servers[] = {admin_.get(), public_.get(), local_.get(), challenge_.get(),
                                        numbers_.get()};
    auto left = std::make_shared<std::atomic<std::size_t>>(std::size(servers));
    for (auto* server : servers)
        server->stop(grace, [left, done] {
            if (left->fetch_sub(1) == 1) done();
        });
}

void WebServices::close() {
    listeners_.clear();
}

}  // namespace posthaste::app
