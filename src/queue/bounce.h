// Bounce: which senders are told what, and when (delivery.md 6.1, rules B-1 to B-9; RFC 3461). A
// recipient that ended with a report due is stored so; all of one message's that end within a
// minute become one report, and the report and their end are one atomic write: exactly once, also
// across a restart.
#pragma once

#include "base/event.h"
#include "mail/dsn/cause.h"
#include "queue/report/report_desk.h"
#include "queue/retry.h"
#include "queue/signing.h"
#include "store/store.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace posthaste::queue {

bool failure_report_due(const store::MessageRow& message, const store::RecipientRow& recipient);
bool success_report_due(const store::MessageRow& message, const store::RecipientRow& recipient,
                        const mail::Outcome& outcome);
bool delay_report_due(const store::MessageRow& message, const store::RecipientRow& recipient);

// Written by a program or to a list: nobody waits for a word about a delay (B-5).
bool is_automatic(std::string_view header);

// When the reports of a message are made: a minute after the first recipient that needs one, or as
// soon as no recipient is open any more.
class Waves {
  public:
    static constexpr Seconds kGather{60};

    void note(const QueueId& id, SteadyTime now, bool none_open);
    void again_at(const QueueId& id, SteadyTime at);  // making it did not work
    std::optional<QueueId> take_due(SteadyTime now);
    std::optional<SteadyTime> next() const;

    bool has(const QueueId& id) const { return at_.contains(id); }

    std::size_t size() const { return at_.size(); }

  private:
    void set(const QueueId& id, SteadyTime at);

    std::unordered_map<QueueId, SteadyTime> at_;
    std::set<std::pair<SteadyTime, QueueId>> order_;
};

// What the rule of that id says, if there is one: the rules are delivery's. Any thread; quick.
using RuleWordsOf = std::function<std::optional<mail::RuleWords>(std::string_view id)>;

// Those of the rule that decided; nothing where none did.
std::optional<mail::RuleWords> words_of_rule(const RuleWordsOf& rules,
                                             const mail::Outcome& outcome);

struct ReportOptions {
    std::string hostname;
    std::string admin;
    RetrySchedules retry;
    std::shared_ptr<ReportDesk> desk;
    std::shared_ptr<Signing> signing{};  // null: reports go unsigned
    RuleWordsOf rule_words{};            // may be empty
};

// What is to be written, and what follows once it is.
struct Reports {
    store::Changes changes;
    std::vector<store::AddMessage> added;  // the reports, also among the changes
    std::vector<Event> events;
};

// Both block (they read the store). Empty when nothing is due any more.
Result<Reports> make_final_reports(store::Store& store, const ReportOptions& options,
                                   const QueueId& id);
Result<Reports> make_delay_reports(store::Store& store, const ReportOptions& options,
                                   const QueueId& id);
// The account's digest of what waits for it.
Result<Reports> make_digest_report(store::Store& store, const ReportOptions& options,
                                   const std::string& account);

}  // namespace posthaste::queue
