// What all sessions of a server share, and the seam behind which the rest of the server lies.
#pragma once

#include "accounts/authenticator.h"
#include "base/event.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/demux.h"
#include "net/tls.h"
#include "queue/queue.h"
#include "runtime/offload.h"
#include "store/content.h"
#include "submission/replies.h"
#include "submission/sent_marks.h"
#include "submission/server.h"
#include "submission/winmail/winmail.h"

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace posthaste::submission {

// What a session needs of accounts, queue and store. The server's own is in server.cc; tests have
// theirs, without a database. Called on any worker.
class Backend {
  public:
    virtual ~Backend() = default;

    virtual runtime::Task<std::expected<accounts::Identity, accounts::Rejection>> authenticate(
        accounts::LoginAttempt attempt) = 0;

    // Whether somebody who logged in before a change of the directory may still send.
    virtual std::uint64_t directory_generation() const { return 0; }

    virtual runtime::Task<std::expected<accounts::Identity, accounts::Refusal>> renew(
        accounts::Identity identity) {
        co_return identity;
    }

    // The network is put off after many failed logins (R14).
    virtual std::optional<accounts::LoginGuard::Ban> banned(const IpAddress&) const {
        return std::nullopt;
    }

    virtual store::Health health() const = 0;

    // Whether the recipient is on the account's suppression list. Never blocks.
    virtual bool suppressed(const std::string&, const mail::Mailbox&) const { return false; }

    // Whether mail from that domain is signed, so that its body is to be hashed.
    virtual bool signs(const mail::Domain&) const { return false; }

    virtual store::ContentWriter write_content(const QueueId& id) = 0;
    virtual store::ContentReader read_content(const store::Body& body) = 0;
    virtual void discard_content(const store::Body& body) = 0;  // blocking when in a file

    // The commit point. Errors: store_full, store_failed, busy; timeout and cancelled say that it
    // may or may not have been stored.
    virtual runtime::Task<Result<void>> submit(queue::Submission submission, Deadline deadline) = 0;

    // That their Outlook sends winmail.dat, unless they have been told lately. Never waits.
    virtual void tell_of_winmail(const std::string&) {}
};

struct ServerMetrics {
    Counter connections;  // admitted
    Counter refused;      // not admitted
    Gauge sessions;
    Counter implicit_tls, starttls, tls_failed;
    Counter accepted, accepted_octets;
    Counter refused_messages;  // at the end of their content
    Counter refused_commands;  // 4xx and 5xx to anything else
    Counter timeouts;

    void add_to(MetricsRegistry& registry) const;
};

// One for the server; outlives its sessions. What changes is atomic.
struct ServerContext {
    Options options;
    Catalogue replies;
    Backend& backend;
    runtime::BlockingPool& blocking;
    std::shared_ptr<net::TlsServerContext> tls;  // null: open ports only
    net::DemuxMemory& demux;
    Log& log;
    std::function<void(const Event&)> events;
    accounts::SignInLog* sign_ins = nullptr;  // may be null
    SentMarks* sent_marks = nullptr;          // likewise
    const WinmailService* winmail = nullptr;  // likewise: such files leave as they came
    ServerMetrics metrics;
    std::atomic<bool> stopping{false};
};

}  // namespace posthaste::submission
