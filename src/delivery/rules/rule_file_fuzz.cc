// An operator's rules, and replies as people paste them.
#include "delivery/rules/automation.h"
#include "delivery/rules/verdict.h"

#include <cstdlib>

namespace {

using namespace posthaste;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    if (data[0] % 2 == 0) {
        if (const auto duration = delivery::read_duration(text)) {
            require(*duration >= Seconds(1) && *duration <= std::chrono::days(30));
        }
        const auto reply = delivery::read_reply_line(text);
        if (!reply) return 0;
        require(reply->code >= 200 && reply->code < 600);
        require(reply->matter().size() <= 2048);
        require(!reply->status || reply->status->cls == reply->code / 100);
        const auto reading = delivery::VerdictRules::builtin().read(*reply);
        require(!reading.words.empty() && !reading.advice.empty());
        return 0;
    }
    const auto rules = delivery::VerdictRules::make(text, "rules.toml");
    if (!rules) {
        require(!rules.error().text.empty());
        return 0;
    }
    const auto automation = delivery::AutomationRules::make(text, "rules.toml", **rules);
    require(automation.has_value() || !automation.error().text.empty());
    return 0;
}
