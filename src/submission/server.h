// The server side of SMTP: admission, sessions, shutdown. One Server for all submission ports and
// the trap's port.
#pragma once

#include "accounts/authenticator.h"
#include "accounts/sign_in_log.h"
#include "base/event.h"
#include "base/ip_network.h"
#include "base/log.h"
#include "base/metrics.h"
#include "mail/verp.h"
#include "net/demux.h"
#include "net/listener.h"
#include "net/tls.h"
#include "queue/queue.h"
#include "runtime/offload.h"
#include "runtime/worker.h"
#include "submission/sent_marks.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace posthaste::accounts {
class Suppressions;
}

namespace posthaste::submission {

struct WinmailService;  // winmail/winmail.h

struct Options {
    std::string hostname;
    std::string admin;      // whom RCPT TO:<postmaster> reaches
    std::string incoming;   // "imap.example.com", for R11; may be empty
    std::string help_base;  // "https://mail.example.com/h/"; empty: no help path in replies
    std::uint16_t starttls_port = 587;  // what replies tell mail programs to set; 0: there is none
    std::uint16_t tls_port = 465;       // likewise
    std::uint64_t message_size = 50u << 20;
    bool requiretls = false;  // offered within TLS (RFC 8689)
    std::size_t recipients = 1000;
    Seconds max_hold = std::chrono::days(30);  // FUTURERELEASE (RFC 4865); 0: not offered
    std::size_t errors = 20;                   // bad commands, then 421
    Seconds command_timeout{300};
    Seconds login_timeout{60};   // from the first octet to a login
    Seconds data_timeout{180};   // without octets, or under 1 KB/s over a minute
    Seconds lf_dot_timeout{30};  // after LF . LF: that is how a device ended, and it waits for ever
    std::string legacy_port;     // "10.0.0.1:2525", for the log; empty: there is none
    bool refuse_suppressed = false;  // 550 to RCPT; else such a recipient ends as it comes
    bool address_literals = false;   // mail to user@[192.0.2.1] is taken
    // Senders made for a message, where an account asks for them; null: none are.
    std::shared_ptr<const mail::Verp> verp{};
};

// What a port demands. The trap's port: loopback only, no TLS, no login.
struct PortProfile {
    net::PortHabit habit = net::PortHabit::starttls;
    bool open = false;    // true: neither TLS nor login needed (listen.trap)
    std::string account;  // open ports: the account the mail is filed under
    // The port for old devices: TLS from 1.0 on by the context below, for `allow` alone. Login and
    // rights as everywhere.
    bool legacy = false;
    std::vector<IpNetwork> allow{};                // legacy: who may come; nobody else
    std::shared_ptr<net::TlsServerContext> tls{};  // null: the server's
};

struct Services {
    queue::Queue& queue;
    store::Store& store;
    accounts::Authenticator& authenticator;
    std::shared_ptr<net::TlsServerContext> tls;  // null: open ports only
    net::ConnectionCounter& connections;
    net::DemuxMemory& demux;
    runtime::BlockingPool& blocking;
    Log& log;
    std::function<void(const Event&)> events;
    // Outlive the server; null: nothing is remembered, nobody is banned.
    accounts::SignInLog* sign_ins = nullptr;
    accounts::LoginGuard* guard = nullptr;
    SentMarks* sent_marks = nullptr;
    const WinmailService* winmail = nullptr;
    const accounts::Suppressions* suppressions = nullptr;
};

class Server {
  public:
    Server(const Options& options, const Services& services, runtime::WorkerPool& workers);
    ~Server();

    // The listener's handler for a port of that profile. A stream may have done its handshake.
    net::Listener::Handler handler(PortProfile profile);

    // 421 4.3.2 at the next command; transactions may finish until the deadline, then sessions are
    // cancelled. Any thread; `done` is called when no session is left.
    void stop(Deadline grace, std::function<void()> done);

    std::size_t sessions() const;
    void register_metrics(MetricsRegistry& registry);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace posthaste::submission
