#include "app/winmail/winmail_desk.h"

namespace posthaste::app {

submission::WinmailRules winmail_rules(const WinmailSettings& settings) {
    using enum submission::WinmailPolicy;
    submission::WinmailRules rules;
    rules.fallback = settings.policy == "keep"      ? keep
                     : settings.policy == "convert" ? convert
                                                    : notify;
    for (const auto& domain : settings.keep) rules.domains.emplace_back(domain, keep);
    for (const auto& domain : settings.notify) rules.domains.emplace_back(domain, notify);
    for (const auto& domain : settings.convert) rules.domains.emplace_back(domain, convert);
    return rules;
}

}  // namespace posthaste::app
