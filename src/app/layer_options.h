// Settings into each layer's own Options: the one place that knows both.
#pragma once

#include "accounts/authenticator.h"
#include "app/config/settings.h"
#include "base/result.h"
#include "delivery/delivery.h"
#include "delivery/sts/strangers_https.h"
#include "discovery/settings.h"
#include "net/listener.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "queue/queue.h"
#include "store/store.h"
#include "submission/server.h"
#include "trap/inbox.h"
#include "web/admin/api.h"

#include <string>
#include <vector>

namespace posthaste::app {

store::Store::Options store_options(const Settings& settings);
store::HistoryKeeper::Options history_options(const Settings& settings);
queue::Queue::Options queue_options(const Settings& settings);
accounts::LoginGuard::Options guard_options(const Settings& settings);
submission::Options submission_options(const Settings& settings);
net::Resolver::Options resolver_options(const Settings& settings);
net::ConnectionCounter::Limits connection_limits(const Settings& settings, std::size_t carried);
trap::Inbox::Options inbox_options(const Settings& settings);
// Errors: a password or CA file that cannot be read (the mend names the key).
delivery::StrangersHttps::Options https_options(const Settings& settings);
Result<delivery::Options> delivery_options(const Settings& settings);
// The configured files, or an own CA's, made in the store's folder if need be.
Result<std::vector<net::CertificateFiles>> certificate_files(const Settings& settings);

// Where browsers and mail programs reach the public pages: "https://mail.example.com:8443", no
// slash at the end; empty when nobody can.
std::string public_base(const Settings& settings);
// What mail programs are told, but for the domain and its name.
discovery::MailSettings mail_settings(const Settings& settings);

// What mail programs will miss with this configuration, as a sentence; "" if nothing. Set-up over
// https without [incoming] is half of one.
std::string_view missing_incoming(const Settings& settings);
inline constexpr std::string_view kIncomingMend =
    "add to [incoming] the server that mail is fetched from: imap = \"imap.example.com:993\"";

// For `posthaste dns show`, with a server and without one.
web::DnsFacts dns_facts(const Settings& settings);

// 465 and its like (1465, 2465): where clients send a ClientHello first (RFC 8314 §3.3); everywhere
// else they wait for a banner.
bool is_implicit_tls_port(std::uint16_t port);
bool needs_trap(const Settings& settings);  // mode "trap", or a route to it

}  // namespace posthaste::app
