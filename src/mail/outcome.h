// Outcome: what one attempt came to for one recipient.
#pragma once

#include "base/time.h"
#include "mail/status.h"

#include <optional>
#include <string>

namespace posthaste::mail {

enum class Verdict { delivered, deferred, failed };

// Why, in the words of delivery.md 6.4; chooses the sentences of a bounce.
enum class Cause {
    none,
    invalid_recipient,
    inactive_mailbox,
    mailbox_full,
    bad_domain,
    null_mx,
    dns_failure,
    routing,
    relaying_denied,
    no_answer,
    bad_connection,
    too_large,
    too_many_recipients,
    invalid_sender,
    sender_auth,
    smarthost_auth,
    policy,
    block_ip,
    block_domain,
    spam_content,
    attachment,
    rate_limited,
    greylisted,
    protocol,
    tls,
    no_8bit,
    no_smtputf8,
    expired,
    loop,
    auto_reply,
    challenge,
    unsubscribe,
    admin,
    suppressed,
    unknown,
};

std::string_view to_string(Cause cause);

struct Outcome {
    Verdict verdict = Verdict::deferred;
    EnhancedStatus status{};
    int code = 0;               // SMTP reply code, 0 when no reply came
    std::string reply{};        // the remote's text, printable, at most 1 KiB; or our own words
    std::string remote_host{};  // "mx.example.org", empty when nobody was reached
    std::string remote_ip{};
    std::string tls{};  // "TLSv1.3", empty in clear
    std::string
        tls_policy{};  // what was asked for and kept: "dane", "sts", "verify", "encrypt", "may"
    std::string source_ip{};  // ours, empty when nobody was reached
    std::string route{};      // the name of the one it took; the history has it, no row
    Cause cause = Cause::none;
    std::string rule{};      // the rule that read the reply, empty for our own words
    bool ambiguous = false;  // no answer to the final dot: may have been delivered (RFC 1047)
    bool remote_takes_dsn =
        false;  // the hop offered DSN and took over the duty to report (RFC 3461 §5.2)
    bool remote_takes_by = false;  // ... and keeps the time that the sender has set (RFC 2852)
    bool charge_attempt =
        true;  // false: not the recipient's fault, tried again at once (452 4.5.3)
    std::optional<Seconds> retry_after{};  // asked for by the reply; nothing: the schedule decides
};

}  // namespace posthaste::mail
