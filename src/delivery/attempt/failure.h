// The failure table: what something unpleasant at some stage of a delivery means (delivery.md 3.3,
// rows O-1 to O-25). Every reply that is not the wished one goes through `judge`, and through
// nothing else.
#pragma once

#include "base/time.h"
#include "delivery/attempt/stage.h"
#include "mail/outcome.h"
#include "queue/window.h"
#include "smtp/reply.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste::delivery {

class VerdictRules;

enum class What {
    reply,      // an answer that is not the wished one
    refused,    // connection refused, unreachable
    no_source,  // our own address cannot be used, or there is no way out (O-3)
    timed_out,
    lost,           // closed or reset
    tls_failed,     // the handshake or the certificate
    policy,         // what the domain promises about TLS is not kept, or cannot be known now
    insecure_path,  // REQUIRETLS: who the host is, is proven by nobody
    no_requiretls,  // the host does not offer it
    malformed,      // no SMTP
    not_offered,    // STARTTLS or AUTH
    no_8bit,        // the message needs what the host does not offer
    no_smtputf8,
    no_deliver_by,  // it does not keep the time after which the sender wants the message back
    too_large,      // for the SIZE it announced
    ourselves,      // the host answers by our own name
    no_token,       // no OAuth token for the login, and none before somebody mends it
    no_token_now,   // the token server has trouble that passes
    no_proof,       // within a login it broke the rules, or did not prove who it is
    our_own,        // we had to break off: content unreadable, shutdown
};

struct Incident {
    Stage stage = Stage::connect;
    What what = What::lost;
    smtp::Reply reply;   // of What::reply
    std::string text;    // else: a sentence part
    std::string mend{};  // for this very login; empty: what the table says
};

struct Circumstances {
    bool smarthost = false;
    bool may_have_login = true;           // false: a [[route]] that logs in nowhere
    std::string_view route{};             // the [[route]] that a login belongs to; empty: [relay]
    bool best_host = true;                // the first of the plan
    std::size_t accepted = 0;             // recipients taken before this one in the transaction
    std::uint32_t attempts = 0;           // of the recipient, before this one
    Seconds age{};                        // since the message was accepted
    std::string_view host{};              // who says it, where that is known
    const VerdictRules* rules = nullptr;  // null: those the program brings along
};

enum class Scope {
    recipient,    // this one alone
    transaction,  // all recipients of it
    host,         // nothing was said about the mail: the next host is asked
    route,        // all mail of the route: somebody must mend it
};

struct Judgement {
    int row = 0;  // of the outcome table: 16 for O-16
    Scope scope = Scope::host;
    mail::Outcome outcome;          // without host, address and TLS
    bool permanent_if_all = false;  // scope host: failed if every host says such a thing
    queue::SiteSignal signal = queue::SiteSignal::neutral;
    bool too_many_recipients = false;  // O-15: the rest in a next transaction, not charged
    std::optional<Seconds> suspend;    // scope route
    std::string mend;                  // then
};

Judgement judge(const Incident& incident, const Circumstances& circumstances);

}  // namespace posthaste::delivery
