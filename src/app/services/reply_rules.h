// The rules on replies: those of the program and, before them, the operator's ([delivery]
// rules_file).
#pragma once

#include "app/config/settings.h"
#include "delivery/rules/automation.h"
#include "delivery/rules/verdict.h"

#include <memory>

namespace posthaste::app {

struct ReplyRules {
    std::shared_ptr<const delivery::VerdictRules> verdicts;
    std::shared_ptr<const delivery::AutomationRules> automation;
};

// Errors: why the file cannot be read, or its first mistake with its line.
Result<ReplyRules> reply_rules(const Settings& settings);

}  // namespace posthaste::app
