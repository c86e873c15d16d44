#include "mail/outcome.h"

#include <string_view>
#include <utility>

namespace posthaste::mail {

std::string_view to_string(Cause cause) {
    switch (cause) {
        case Cause::none:
            return "none";
        case Cause::invalid_recipient:
            return "invalid_recipient";
        case Cause::inactive_mailbox:
            return "inactive_mailbox";
        case Cause::mailbox_full:
            return "mailbox_full";
        case Cause::bad_domain:
            return "bad_domain";
        case Cause::null_mx:
            return "null_mx";
        case Cause::dns_failure:
            return "dns_failure";
        case Cause::routing:
            return "routing";
        case Cause::relaying_denied:
            return "relaying_denied";
        case Cause::no_answer:
            return "no_answer";
        case Cause::bad_connection:
            return "bad_connection";
        case Cause::too_large:
            return "too_large";
        case Cause::too_many_recipients:
            return "too_many_recipients";
        case Cause::invalid_sender:
            return "invalid_sender";
        case Cause::sender_auth:
            return "sender_auth";
        case Cause::smarthost_auth:
            return "smarthost_auth";
        case Cause::policy:
            return "policy";
        case Cause::block_ip:
            return "block_ip";
        case Cause::block_domain:
            return "block_domain";
        case Cause::spam_content:
            return "spam_content";
        case Cause::attachment:
            return "attachment";
        case Cause::rate_limited:
            return "rate_limited";
        case Cause::greylisted:
            return "greylisted";
        case Cause::protocol:
            return "protocol";
        case Cause::tls:
            return "tls";
        case Cause::no_8bit:
            return "no_8bit";
        case Cause::no_smtputf8:
            return "no_smtputf8";
        case Cause::expired:
            return "expired";
        case Cause::loop:
            return "loop";
        case Cause::auto_reply:
            return "auto_reply";
        case Cause::challenge:
            return "challenge";
        case Cause::unsubscribe:
            return "unsubscribe";
        case Cause::admin:
            return "admin";
        case Cause::suppressed:
            return "suppressed";
        case Cause::unknown:
            return "unknown";
    }
    std::unreachable();
}

}  // namespace posthaste::mail
