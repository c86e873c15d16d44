// The rules on replies: those of the program and, before them, the operator's ([delivery]
// rules_file).
#pragma once

#include "app/config/settings.h"
#include "delivery/rules/automation.h"
#include "delivery/rules/verdict.h"
#include "queue/bounce.h"

#include <memory>

namespace posthaste::app {

struct ReplyRules {
    std::shared_ptr<const delivery::VerdictRules> verdicts;
    std::shared_ptr<const delivery::AutomationRules> automation;
};

// Errors: why the file cannot be read, or its first mistake with its line.
Result<ReplyRules> reply_rules(const Settings& settings);

// What reports and the log tell of a rule that read a reply.
queue::RuleWordsOf rule_words(std::shared_ptr<const delivery::VerdictRules> verdicts);

}  // namespace posthaste::app
