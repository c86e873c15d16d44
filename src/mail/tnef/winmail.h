// A message of Outlook's as everybody can read it: in place of its winmail.dat the body and the
// attachments that were in there (clients.md 3.11). Pure: makes edits for BodyRewriter.
#pragma once

#include "base/result.h"
#include "mail/header.h"
#include "mail/mime/mime.h"
#include "mail/tnef/tnef.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::mail {

// The octets of a winmail.dat, as they stand in the message, without their transfer encoding.
// Errors: syntax.
Result<std::string> decode_body(std::string_view octets, TransferEncoding encoding);

struct WinmailChange {
    std::vector<BodyEdit> edits;
    std::size_t attachments = 0;
    bool formatted = false;  // a body with its formatting, beside plain text or alone
};

// `parts` as MimeScanner has found them, `contents` one for each. `header` is the message's own; it
// is changed where a winmail.dat is all there is. `mark` is unique: of it boundaries are made.
// Errors: unsupported (a meeting, a contact, a task: what only Outlook can read would be lost).
Result<WinmailChange> replace_winmail(std::span<const TnefPart> parts,
                                      std::span<const TnefContent> contents, HeaderBlock& header,
                                      std::string_view mark);

}  // namespace posthaste::mail
