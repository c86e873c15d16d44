// Rights: whoever is logged in sends as themselves (RFC 6409 §6.1; threats.md A2, A3). Pure.
#pragma once

#include "accounts/identity.h"
#include "mail/envelope.h"
#include "mail/header.h"
#include "submission/replies.h"

#include <optional>
#include <string>

namespace posthaste::submission {

// MAIL FROM. The null sender is anybody's: Outlook sends read receipts with it, for ever when
// refused (clients.md 3.9). An address must belong to the login. The refusal, or nothing.
std::optional<Answer> check_sender(const accounts::Identity& identity,
                                   const mail::ReversePath& sender, const Catalogue& replies);

// Exactly one From, at most one Sender, and every address in both belongs to the login; so does
// every one in Resent-From and Resent-Sender of the topmost block (F-8).
std::optional<Answer> check_authors(const accounts::Identity& identity,
                                    const mail::HeaderBlock& header, const Catalogue& replies);

}  // namespace posthaste::submission
