// Delivery status notifications: RFC 3464 inside RFC 6522, in plain words first
// (delivery.md 6.2, 6.3).
#pragma once

#include "base/id.h"
#include "base/time.h"
#include "mail/dsn/cause.h"
#include "mail/dsn/dsn_texts.h"
#include "mail/envelope.h"
#include "mail/outcome.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::mail {

enum class DsnAction { failed, delayed, delivered, relayed };

struct DsnRecipient {
    Recipient recipient;
    Outcome outcome;
    int attempts = 0;
    Timestamp last_attempt;
    std::optional<RuleWords> rule{};  // of the rule that read the reply
};

struct DsnInput {
    DsnAction action = DsnAction::failed;
    std::string hostname;  // ours
    std::string admin;     // whom to ask
    QueueId original_id;
    Mailbox sender;     // who gets the report; never null
    std::string envid;  // still xtext, or empty
    Timestamp arrived;
    std::optional<Timestamp> retry_until;  // delayed only
    Seconds tried_for{};
    std::vector<DsnRecipient> recipients;
    std::string original_header;  // the stored header block
    std::string original_body;  // only with RET=FULL and at most 100 KB together (B-9); else empty
    bool return_full = false;
    // A server had taken it, and a report came back by mail: so long after we accepted it.
    std::optional<Seconds> returned_after{};
    Language language = Language::english;
    QueueId id;  // of the report itself
    Timestamp now;
};

struct DsnMessage {
    std::string header;  // CR LF lines, without the empty line
    std::string body;
    bool needs_8bit = false;
    bool needs_utf8 = false;  // header or address beyond ASCII (RFC 6533)
};

DsnMessage make_dsn(const DsnInput& input);

}  // namespace posthaste::mail
