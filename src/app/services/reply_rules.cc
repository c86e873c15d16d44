#include "app/services/reply_rules.h"

#include "base/file.h"
#include "formats/toml.h"

namespace posthaste::app {

Result<ReplyRules> reply_rules(const Settings& settings) {
    std::string text;
    if (!settings.rules_file.empty()) {
        PH_TRY(text, read_file(settings.rules_file, formats::kMaxTomlOctets));
    }
    ReplyRules rules;
    PH_TRY(rules.verdicts, delivery::VerdictRules::make(text, settings.rules_file));
    PH_TRY(rules.automation,
           delivery::AutomationRules::make(text, settings.rules_file, *rules.verdicts));
    return rules;
}

}  // namespace posthaste::app
