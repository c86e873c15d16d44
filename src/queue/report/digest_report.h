// The lines of an account's digest, as they wait in the store, and the message that is made of them
// (delivery.md B-8).
#pragma once

#include "mail/dsn/digest.h"
#include "store/change.h"
#include "store/record.h"

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::queue {

store::DigestLine make_digest_line(const QueueId& message, store::ResultFacts result,
                                   std::string_view subject, Timestamp at);
store::DigestLine make_digest_line(const store::MessageRow& message,
                                   const store::RecipientRow& recipient, mail::DsnAction action,
                                   std::string_view subject, Timestamp at);

// Nothing for a line that is damaged.
std::optional<mail::DigestItem> read_digest_line(const store::DigestLine& line);

}  // namespace posthaste::queue
