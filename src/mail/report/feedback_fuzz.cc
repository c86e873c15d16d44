// The body of a feedback report, of a provider's making or of anybody's.
#include "base/ascii.h"
#include "base/assert.h"
#include "mail/report/feedback.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    const auto feedback = mail::report::read_feedback(octets);
    if (!feedback) return 0;
    PH_ASSERT(!feedback->type.empty() && feedback->type.size() <= 40);
    PH_ASSERT(feedback->original_recipients.size() <= 20 && feedback->domains.size() <= 20);
    for (const std::string& address : feedback->original_recipients) {
        PH_ASSERT(address.contains('@'));
        PH_ASSERT(std::ranges::none_of(address, ascii::is_control));
    }
    return 0;
}
