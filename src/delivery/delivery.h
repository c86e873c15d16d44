// Delivery: the courier that speaks SMTP to smarthosts and MX hosts, or gives the mail to a final
// hop. Options are plain values; app/ fills them from the configuration.
#pragma once

#include "base/ip.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "delivery/final_hop.h"
#include "delivery/login/oauth.h"
#include "delivery/route/plan.h"
#include "delivery/route/warm_up.h"
#include "mail/verp.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "queue/courier.h"
#include "runtime/offload.h"
#include "runtime/worker.h"
#include "store/store.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::delivery {

class Overrides;
class Shaping;

// What an operator may ask for. `dane`: the host's TLSA records where it has any, else as by
// default (verify for a smarthost, may for MX hosts); `dane_only`: nothing without them (RFC 7672
// §6).
enum class TlsLevel { none, may, encrypt, verify, dane, dane_only };

struct Smarthost {
    std::string host;
    std::uint16_t port = 587;
    bool implicit_tls = false;
    TlsLevel tls = TlsLevel::verify;
    std::string ca_file;   // empty: the system's
    std::string username;  // empty: no login; else needs encrypt or verify
    Secret password;
    // Mechanisms that may be used, upper case; empty: the strongest that is offered (login.h).
    std::vector<std::string> mechanisms;
    std::shared_ptr<const OAuthSettings> oauth;        // instead of a password
    std::shared_ptr<const net::PemIdentity> identity;  // shown in TLS when the relay asks for one
    Provider provider = Provider::other;
    bool external = false;            // and the login is by it (EXTERNAL)
    bool lmtp = false;                // the last hop, which answers for each recipient (RFC 2033)
    std::size_t max_connections = 0;  // 0: as everywhere
    std::size_t max_recipients = 0;   // of a transaction; likewise
    std::size_t max_messages_a_minute = 0;  // 0: no such limit
    std::string route{};  // the [[route]] that its login belongs to; empty: [relay]

    bool wants_login() const { return !username.empty() || external; }
};

class Automation;    // automation.h
class VerdictRules;  // verdict.h

// A host of a relay that has several. Those of a lower group come first; equals share the load.
struct RelayHost {
    std::string host;
    std::uint16_t port = 587;
    bool by_mx = false;  // its MX records name the hosts, not its addresses
    unsigned group = 0;
    std::string socket{};  // a path on this machine; then there is no port

    bool operator==(const RelayHost&) const = default;
};

// Which families of addresses are tried, and which first.
enum class AddressFamilies { v4_first, v6_first, v4_only, v6_only };

// An address of ours that mail may leave from (delivery.md 3.2, 4.2).
struct Source {
    std::string name;
    std::optional<IpAddress> v4, v6;      // one of them at least
    std::string ehlo;                     // empty: Options::hostname
    unsigned weight = 1;                  // its share in a pool, from 1
    std::optional<WarmUpPlan> warm_up{};  // it is new to receivers
};

// First match wins, in the order of the file. A rule matches when each of `to`, `from` and
// `accounts` that is not empty does; one where all are empty is for those that name it.
struct RouteRule {
    enum class Kind { smarthost, mx, trap, hold } kind = Kind::mx;

    std::vector<std::string> to;  // "example.net" (exact), ".example.net" (below it) or "*"
    std::optional<Smarthost> smarthost;
    TlsLevel tls = TlsLevel::may;
    std::string name{};                   // empty: "route-1" and so on
    std::vector<std::string> from{};      // senders: an address, a domain as in `to`, or "<>"
    std::vector<std::string> accounts{};  // logins, as addresses
    std::vector<RelayHost> hosts{};       // of the smarthost; empty: its host and port
    std::string fallback{};               // the route that takes over, by name
    unsigned fallback_after = 1;          // attempts that reached no host
    std::vector<std::string> sources{};   // a pool, by their names; empty: Options::source_pool
    AddressFamilies families = AddressFamilies::v4_first;
};

// The signature fields to stand above a header that was written anew (queue::Signing::sign_now).
// Blocks; any thread.
using SignNow = std::function<std::string(const std::string& header, const std::string& body_hash)>;

struct Options {
    std::string hostname;           // EHLO name
    std::vector<RouteRule> routes;  // the last one is the default and matches "*"
    std::uint16_t mx_port = 25;
    std::string ca_file;  // who may sign the certificates of MX hosts; empty: the system's
    bool allow_private_addresses = false;
    bool old_tls = false;                      // TLS 1.0 and 1.1 where nothing is promised
    std::shared_ptr<const Shaping> shaping{};  // null: what is shipped
    const Overrides* overrides = nullptr;      // of rules on replies; null: there are none
    bool address_literals = false;             // mail to user@[192.0.2.1] goes there
    std::vector<IpAddress> own_addresses;      // where an MX host would be this server itself
    std::vector<Source> sources;
    std::vector<std::string> source_pool;  // of routes that name no source; empty: the system's
                                           // choice of address, and `hostname`
    Seconds connect_timeout{30};
    Seconds command_timeout{300};  // banner, EHLO, MAIL, RCPT (RFC 5321 §4.5.3.2)
    Seconds final_dot_timeout{600};
    // A whole attempt, however many steps it has: six of the longest, and what a large message
    // needs at 16 KiB/s beside. A host that uses each step to the end keeps its place no longer.
    Seconds attempt_timeout{3600};
    Seconds look_ups_timeout{120};  // of all addresses that one attempt asks DNS for
    // What replies mean, and what they change; null: what the program brings along, and nothing.
    std::shared_ptr<const VerdictRules> verdicts;
    Automation* automation = nullptr;  // outlives the courier
    WarmUp* warm_up = nullptr;         // likewise; null: all addresses are warm
    // Senders made for a message, where its account asks for them; null: none are.
    std::shared_ptr<const mail::Verp> verp{};
    SignNow sign{};  // null: what is encoded on the way goes out unsigned
};

class BrokenTls;         // tls_memory.h
class Logins;            // logins.h
class DeliveredDomains;  // delivered_domains.h
class StsPolicies;       // tls_policy.h
class TlsSessionSink;    // tls_policy.h

// Either may be null: nobody looks for MTA-STS policies, or collects what TLS sessions came to.
// Both outlive the courier.
struct TlsServices {
    StsPolicies* sts = nullptr;
    TlsSessionSink* sessions = nullptr;
    BrokenTls* broken = nullptr;  // null: it forgets at the end
};

// `trap` may be null when no route names it; `logins`, which outlives the courier, is made by it
// when null; without `delivered` no domain that is gone has grace. One for the process; safe
// on every worker.
std::unique_ptr<Carrier> make_courier(Options options, store::Store& store, net::Resolver& resolver,
                                      FinalHop* trap, runtime::WorkerPool& workers,
                                      runtime::BlockingPool& blocking, Log& log,
                                      TlsServices services = {}, Logins* logins = nullptr,
                                      DeliveredDomains* delivered = nullptr);

}  // namespace posthaste::delivery
