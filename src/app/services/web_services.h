// WebServices: which pages are served where. Owns routers, HTTP servers and their listeners; what
// they stand on belongs to the daemon and outlives them. Made, started and stopped on the main
// thread.
//
//   admin socket     the admin API
//   listen.https     public pages: set-up documents, help, set-up; any Host, TLS
//   listen.http      loopback: the inbox (if there is one) and the public pages
//   listen.http_challenge   a certificate authority's questions, and the way to https
//   listen.metrics   the numbers
#pragma once

#include "accounts/login_guard.h"
#include "accounts/sign_in_log.h"
#include "accounts/suppressions.h"
#include "app/config/listen_addresses.h"
#include "app/config/settings.h"
#include "app/services/certificates.h"
#include "base/metrics.h"
#include "delivery/route/plan.h"
#include "delivery/rules/automation.h"
#include "delivery/rules/verdict.h"
#include "net/listener.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "queue/queue.h"
#include "runtime/offload.h"
#include "runtime/worker.h"
#include "store/store.h"
#include "trap/inbox.h"
#include "web/admin/relay.h"
#include "web/event_hub.h"
#include "web/http/http_server.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace posthaste::app {

// Bound while still root.
struct WebSockets {
    std::optional<net::BoundSocket> https, http, http_challenge, metrics;

    static Result<WebSockets> bind(const Settings& settings);
};

class WebServices {
  public:
    struct Parts {
        const Settings& settings;
        store::Store& store;
        queue::Queue& queue;
        net::Resolver& resolver;
        delivery::Carrier& carrier;
        delivery::MtaSts* sts;               // null: policies are not heeded
        delivery::TlsReporter* tls_reports;  // null: none are made
        web::EventHub& hub;
        std::shared_ptr<const delivery::VerdictRules> verdicts;
        delivery::Automation& automation;
        accounts::Suppressions& suppressions;
        accounts::SignInLog& sign_ins;
        accounts::LoginGuard& guard;
        trap::Inbox* inbox;        // null: none
        std::string trap_address;  // of listen.trap, for the empty inbox; may be empty
        MetricsRegistry& metrics;
        web::RelayDesk& relays;
        Certificates& certificates;   // of listen.https; and what it has to answer an authority
        net::Listener::Handler mail;  // who comes to listen.https and talks mail
        runtime::BlockingPool& blocking;
        runtime::WorkerPool& workers;
        Log& log;
    };

    explicit WebServices(Parts parts);

    // Listens, and enters the addresses as bound.
    void start(WebSockets sockets, net::BoundSocket admin_socket, Bound& bound);
    void stop_listening();
    // `done`, on some worker, when no request is left.
    void stop(Deadline grace, const std::function<void()>& done);
    void close();  // the listeners end; before the workers are joined

  private:
    std::shared_ptr<web::Router> public_pages() const;
    void listen(net::BoundSocket socket, net::Listener::Handler handler);

    Parts parts_;
    std::unique_ptr<web::HttpServer> admin_, public_, local_, challenge_, numbers_;
    std::vector<std::unique_ptr<net::Listener>> listeners_;
};

}  // namespace posthaste::app
