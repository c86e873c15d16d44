// What a submission server adds and removes (RFC 6409 §8; delivery.md 8.1): the header only, the
// body's octets stay as they came.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "mail/header.h"

#include <string>
#include <vector>

namespace posthaste::mail {

// Every address in the one From and the at most one Sender; used by the check of rights.
// Errors: no From, two From, two Sender, or an address that does not parse (kind syntax; the text
// names the field).
Result<std::vector<Mailbox>> authors(const HeaderBlock& header);

// Adds Date, Message-ID (id and hostname), MIME-Version where Content-* stands without it; removes
// Bcc, Resent-Bcc, Return-Path and the X-Posthaste-* control fields. A Date that does not parse is
// kept as X-Original-Date and replaced, a Message-ID without '@' likewise; From and Sender lose the
// white space that obsolete syntax allows before the colon. What is added stands at the end.
void fix_up(HeaderBlock& header, const QueueId& id, const std::string& hostname, Timestamp now);

}  // namespace posthaste::mail
