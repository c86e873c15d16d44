// What a submission server adds, removes and refuses in a header (RFC 6409 §8; delivery.md 8.1).
// The body is mail/mime/mime's.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "mail/header.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::mail {

// What was done to a message on its way in, for whoever asks later why it looks as it does.
struct Change {
    std::string rule;  // "F-4", of delivery.md 8.1
    std::string text;  // a sentence without its full stop

    bool operator==(const Change&) const = default;
};

using ChangeList = std::vector<Change>;

// Every address in the one From and the at most one Sender; used by the check of rights.
// Errors: no From, two From, two Sender, or an address that does not parse (kind syntax; the text
// names the field).
Result<std::vector<Mailbox>> authors(const HeaderBlock& header);

// Likewise of the topmost block of Resent-* fields, which whoever sends a message on has put there
// (RFC 5322 §3.6.6); empty without one.
Result<std::vector<Mailbox>> resenders(const HeaderBlock& header);

// The name of a field that is there twice though readers look at one, each at another: From,
// Sender, Date, Subject, To, Content-Type, Content-Transfer-Encoding.
std::optional<std::string> find_duplicate(const HeaderBlock& header);

struct FixUp {
    QueueId id;
    std::string hostname;
    Timestamp now;
    // Whether we sign mail from that domain: then signatures that came along in its name go, since
    // what they were made over is no longer what leaves.
    std::function<bool(const Domain&)> signs{};
};

// Adds Date, Message-ID (of the domain in From), Sender where From names several, Resent-Date, and
// MIME-Version where Content-* stands without it; removes Bcc, Resent-Bcc, Return-Path,
// Delivered-To, X-Posthaste-* control fields, and Authentication-Results in our name. A Date that
// does not parse is kept as X-Original-Date and replaced, a Message-ID without '@' or beyond ASCII
// likewise; From, Sender and Content-* lose the white space that obsolete syntax allows before the
// colon. What is added stands at the end. Never fails: what cannot be read is left.
ChangeList fix_up(HeaderBlock& header, const FixUp& with);

// For a device that cannot be told what to send as (clients.md 6.1 no. 9): From becomes `own` with
// the name it had, the former address goes to Reply-To unless there is one; a foreign Sender goes.
// `owns` says which addresses may stay. Nothing is touched when all may.
ChangeList rewrite_author(HeaderBlock& header, const Mailbox& own,
                          const std::function<bool(const Mailbox&)>& owns);

}  // namespace posthaste::mail
