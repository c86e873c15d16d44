// The one admin API, in JSON. The command line speaks it over the admin socket, or in process on
// the store itself when no server runs; pages will call the same handlers.
//
//   GET  /v1/status
//   GET  /v1/queue?domain=&sender=&held=1&after=ID&limit=     GET /v1/queue/{id}
//   POST /v1/queue/hold|release|retry|cancel   {"ids":[…]}, {"domain":"…"} or {"all":true};
//                                              cancel: "report":true tells the senders
//   GET  /v1/trace?what=   GET /v1/trace/live          the story of messages (web/admin/trace.h)
//                                              cancel: "report":true tells the senders; retry:
//                                              "route"
//   GET  /v1/plan?to=&from=&account=&route=            what would be done with such mail, and why
//   GET  /v1/domains   POST /v1/domains {"name"}   DELETE /v1/domains/{name}
//   GET  /v1/accounts  POST /v1/accounts {"address","name","password"}
//   GET|DELETE  /v1/accounts/{address}
//   POST        /v1/accounts/{address}/disable|enable   …/password {"password"}
//   POST|DELETE /v1/accounts/{address}/addresses/{other}    further address it may send as
//   GET|POST    /v1/accounts/{address}/app-passwords {"name"}   DELETE …/app-passwords/{id}
//   POST        /v1/accounts/{address}/setup-link {"valid_s"}   a one-use link, shown once
//   POST /v1/send {"from","to":[…],"subject","text"}   a test message, from an address of ours
//   GET  /v1/events/{id}?after=N&timeout=SECONDS       follow a message
//   GET  /v1/dns?domain=&lang=&address=                records to publish
//   GET  /v1/dkim?domain=&check=1   POST /v1/dkim   DELETE /v1/dkim/{domain}/{selector}
//   POST /v1/dkim/{domain}/{selector}/activate|retire  keys that sign (web/admin/dkim.h)
//   GET  /v1/sign-ins?who=ADDRESS|IP                   the last ones, with our reading
//   GET  /v1/sts?domain=   POST /v1/sts/{domain}/refresh      what a domain demands by MTA-STS
//   GET  /v1/overrides   POST /v1/overrides/clear {"which"}  what replies have changed
//   GET|POST /v1/suppressions   DELETE …/{account}/{address}  (web/admin/suppressions.h)
//   POST /v1/backup {"folder"}
//   GET  /v1/relays   POST /v1/relays/sign-in          logins at smarthosts (web/admin/relay.h)
//   GET  /v1/certificates   POST /v1/certificates/renew
#pragma once

#include "accounts/login_guard.h"
#include "accounts/sign_in_log.h"
#include "delivery/route/plan.h"
#include "delivery/rules/automation.h"
#include "discovery/settings.h"
#include "net/resolver.h"
#include "queue/queue.h"
#include "runtime/offload.h"
#include "store/store.h"
#include "web/event_hub.h"
#include "web/http/router.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace posthaste::accounts {
class Suppressions;
}

namespace posthaste::delivery {
class MtaSts;
class TlsReporter;
class VerdictRules;
}  // namespace posthaste::delivery

namespace posthaste::web {

// What DNS records are made of, beside the domain.
struct DnsFacts {
    std::string bounce_domain{};           // DnsExtras::bounce_domain
    discovery::MailSettings settings{};    // but for the domain
    std::string report_to{};               // mailbox for DMARC's reports
    std::string relay{};                   // host of the smarthost, if mail leaves through one
    std::vector<std::string> names{};      // DnsExtras::names
    bool acme = false;                     // further names get a certificate by being named
    std::vector<std::string> addresses{};  // of this host, as far as the configuration tells
};

class CertificateDesk;
class RelayDesk;

struct AdminServices {
    store::Store& store;
    queue::Queue& queue;
    runtime::BlockingPool& blocking;
    EventHub* events =
        nullptr;  // null when no server runs: sending and following are refused with the mend
    std::string hostname;
    std::string version;
    DnsFacts dns{};
    const accounts::SignInLog* sign_ins = nullptr;  // null: no server runs
    const accounts::LoginGuard* guard = nullptr;    // likewise
    std::string public_base{};  // "https://mail.example.com"; empty when nobody can reach pages
    CertificateDesk* certificates = nullptr;       // null: nobody looks after them
    RelayDesk* relays = nullptr;                   // likewise
    net::Resolver* resolver = nullptr;             // null: DNS cannot be asked
    delivery::MtaSts* sts = nullptr;               // null: no server runs, or it heeds no policies
    delivery::TlsReporter* tls_reports = nullptr;  // null: no server runs, or it makes none
    // Those in force; null: those that the program brings along.
    std::shared_ptr<const delivery::VerdictRules> verdicts{};
    delivery::Automation* automation = nullptr;      // null: nothing is changed by replies here
    accounts::Suppressions* suppressions = nullptr;  // null: there are no lists here
    // Who knows what deliveries would do; empty: nobody does. Errors: why not (a password file that
    // cannot be read).
    std::function<Result<delivery::Carrier*>()> planner{};
};

void add_admin_api(Router& router, AdminServices services);

}  // namespace posthaste::web
