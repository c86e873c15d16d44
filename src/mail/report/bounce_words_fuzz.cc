// Bounces in prose: a guess is never certain, and what it names are addresses.
#include "base/ascii.h"
#include "base/assert.h"
#include "mail/report/bounce_words.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    namespace report = mail::report;
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    const report::Entity entity = report::read_entity(octets);
    PH_ASSERT(entity.parts.size() <= report::Entity::kMostParts);
    for (const report::Part& part : entity.parts) {
        PH_ASSERT(part.body.data() >= octets.data() &&
                  part.body.data() + part.body.size() <= octets.data() + octets.size());
    }
    const auto guess = report::guess_bounce(entity);
    if (!guess) return 0;
    PH_ASSERT(!report::is_automatic_reply(entity.header));
    PH_ASSERT(guess->confidence <= 95 && guess->report.recipients.size() <= 50);
    for (const auto& one : guess->report.recipients) {
        PH_ASSERT(one.final_address.contains('@'));
        PH_ASSERT(std::ranges::none_of(one.diagnostic, ascii::is_control));
    }
    return 0;
}
