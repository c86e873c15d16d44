// A digest: one message in plain words for what would be many delivery reports (delivery.md B-8).
// text/plain, not multipart/report: RFC 3464 describes one message only, so programs that take
// reports apart find nothing to misread here. Pure.
#pragma once

#include "mail/dsn/dsn.h"

#include <string>
#include <vector>

namespace posthaste::mail {

struct DigestItem {
    DsnAction action = DsnAction::failed;
    DsnRecipient recipient;
    std::string subject;  // of the message it is about, one line; may be empty
    QueueId message;
};

struct DigestInput {
    std::string hostname;  // ours
    std::string admin;     // whom to ask
    Mailbox to;
    std::vector<DigestItem> items;
    std::uint64_t more = 0;  // that are not among them
    Timestamp since;         // of the first
    Language language = Language::english;
    QueueId id;  // of the digest itself
    Timestamp now;
};

DsnMessage make_digest(const DigestInput& input);

}  // namespace posthaste::mail
