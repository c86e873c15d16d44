#include "app/services/reply_rules.h"

#include "base/file.h"
#include "formats/toml.h"

#include <utility>

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

queue::RuleWordsOf rule_words(std::shared_ptr<const delivery::VerdictRules> verdicts) {
    return [verdicts = std::move(verdicts)](std::string_view id) { return verdicts->words_of(id); };
}

}  // namespace posthaste::app
