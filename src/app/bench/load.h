// The load generator: many sessions at once against a submission server on loopback, with a ledger
// of what was acknowledged. Works against any server that speaks SMTP, so that peers can be
// measured in the same run.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "net/stream.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace posthaste::app::bench {

enum class Encryption { none, starttls, implicit };

struct LoadPlan {
    net::Endpoint target;
    Encryption encryption = Encryption::starttls;
    std::string login;  // empty: no AUTH; "%d" becomes the session's number (many users)
    Secret password;
    std::size_t sessions = 50;
    std::size_t messages = 10'000;  // in all
    std::size_t per_connection = 20;
    std::size_t size = 4096;  // octets of content
    std::string from;
    std::vector<std::string> to;  // taken in turn; "%d" becomes the message's number
    std::string ledger;           // file; one line, the number, for each acknowledged message
    std::size_t threads = 1;
    // run_pages alone:
    std::string page = "/";  // target of each request
    std::string post;        // its body; empty: GET
};

struct LoadReport {
    std::size_t acknowledged = 0, refused = 0, broken = 0;  // broken: connection lost, timed out
    double seconds = 0;
    double p50_ms = 0, p99_ms = 0;  // from the first octet of MAIL to the reply to the end
    double login_p50_ms = 0;        // from the connection to being logged in
    std::map<std::string, std::size_t> refusals;  // reply text, at most 20 kinds
};

// Blocks until all is sent. Errors: denied (target not on loopback), io (ledger).
Result<LoadReport> run_load(const LoadPlan& plan);

// Every session connects and logs in at the same moment, once, and leaves. `acknowledged` counts
// those let in, the latencies run from the connection to the answer.
Result<LoadReport> run_logins(const LoadPlan& plan);

// HTTP over kept connections, in TLS unless `encryption` is none: `messages` requests for `page`,
// each after the answer to the one before. `acknowledged` counts answers of status 200; the
// latencies run from the request to the whole answer, those of logins from the connection to the
// end of the handshake.
Result<LoadReport> run_pages(const LoadPlan& plan);

// Opens `sessions` connections, logs each in, then holds them until standard input ends. Gives how
// many stood.
Result<std::size_t> run_idle(const LoadPlan& plan);

}  // namespace posthaste::app::bench
