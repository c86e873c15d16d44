// Who of a message's recipients is meant by what came back, and what became of them. Pure.
#pragma once

#include "mail/dsn/dsn.h"
#include "mail/report/reading.h"
#include "mail/verp.h"
#include "queue/bounce.h"
#include "queue/returns/returns.h"
#include "store/record.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace posthaste::queue {

// One for each recipient that the report tells of, without those of no news; `report` is empty.
std::vector<store::ReturnFacts> make_return_facts(const Returned& returned,
                                                  const store::AcceptedFacts& accepted,
                                                  const Returns::Classify& classify);

// Whether the history has it already.
bool is_known(const store::ReturnFacts& facts, std::span<const store::RecordRow> records);

// The cause that a status says by itself (RFC 3463).
mail::Cause cause_of_status(const mail::EnhancedStatus& status);

// The report to the sender about those, in one message; they are all of one kind: bounced, or
// delivered. Without signature.
struct ReturnReport {
    std::string hostname;
    std::string admin;
    mail::Language language = mail::Language::english;
    QueueId about{};
    Timestamp accepted{};
    Timestamp now{};
    QueueId id{};  // its own
    RuleWordsOf rule_words{};
};

mail::DsnMessage make_return_report(const ReturnReport& about, const store::AcceptedFacts& accepted,
                                    std::span<const store::ReturnFacts* const> facts);

}  // namespace posthaste::queue
