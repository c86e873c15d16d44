// What of a path a rule of some scope is about, and what that is called.
#pragma once

#include "delivery/rules/automation.h"

#include <string>

namespace posthaste::delivery {

// What belongs to the scope; a path that is nobody's we know counts by its site.
PathName scoped(AutomationRule::Scope scope, const PathName& path);

// "yahoo-tss04 yahoo": rule and scope.
std::string key_of(const std::string& rule, const PathName& path);

}  // namespace posthaste::delivery
