// RecipientMemory: what lies above the queue and remembers addresses that mail of an account must
// not go to. It is asked when a message comes, and told how recipients ended. Whoever implements it
// outlives the queue.
#pragma once

#include "base/event.h"
#include "mail/mailbox.h"
#include "mail/outcome.h"
#include "store/values.h"

#include <optional>
#include <string>

namespace posthaste::queue {

// A recipient's end, once it is durable.
struct EndedRecipient {
    QueueId id;
    std::string account;
    store::Profile profile = store::Profile::human;
    mail::Mailbox recipient;
    EventType what = EventType::failed;  // delivered, failed or expired
    mail::Outcome outcome;
    Timestamp at;
};

class RecipientMemory {
  public:
    virtual ~RecipientMemory() = default;

    // Whether it may be on the account's list. Any worker; never blocks.
    virtual bool may_be_listed(const std::string& account,
                               const mail::Mailbox& recipient) const = 0;

    // What its sender is told in place of an attempt; nothing: it is not on the list. Blocks.
    virtual std::optional<mail::Outcome> refusal(const std::string& account,
                                                 const mail::Mailbox& recipient) = 0;

    // Of accounts that are not a person's alone. The scheduler's worker; never blocks.
    virtual void ended(const EndedRecipient& recipient) = 0;
};

}  // namespace posthaste::queue
