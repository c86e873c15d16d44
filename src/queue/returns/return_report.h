// What the sender hears of mail that came back: a report of its own, a line of the account's
// digest, or nothing, as the account has chosen and as many as an hour bears (delivery.md B-8).
#pragma once

#include "queue/bounce.h"
#include "store/record.h"

#include <span>
#include <string>

namespace posthaste::queue {

// The message that something is told of, as the history knows it.
struct ReturnedMessage {
    QueueId id{};
    Timestamp accepted{};
    const store::AcceptedFacts& facts;
};

// Adds to `reports` what is to be written. `facts` are not empty, and all of one kind: bounced, or
// delivered. Gives the id of the report; "" where there is none of its own. Blocks.
Result<std::string> tell_sender(store::Store& store, const ReportOptions& options,
                                const ReturnedMessage& message,
                                std::span<const store::ReturnFacts* const> facts, Reports& reports);

}  // namespace posthaste::queue
