// Whatever comes to the port for bounces: what is told of it is printable, on one line and bounded,
// and reading it again says the same.
#include "base/ascii.h"
#include "base/assert.h"
#include "base/utf8.h"
#include "mail/report/reading.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace {

void check(const std::string& text, std::size_t most) {
    PH_ASSERT(text.size() <= most);
    PH_ASSERT(posthaste::utf8::is_valid(text));
    PH_ASSERT(std::ranges::none_of(text, posthaste::ascii::is_control));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste::mail::report;
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    const Reading reading = read_report(octets);
    PH_ASSERT(reading.confidence <= 100);
    PH_ASSERT(reading.report.recipients.size() <= DeliveryReport::kMostRecipients);
    check(reading.report.reporter, 1100);
    check(reading.original.message_id, 1700);
    check(reading.original.return_path, 1700);
    for (const auto& one : reading.report.recipients) {
        check(one.final_address, 1700);
        check(one.original_address, 1700);
        check(one.diagnostic, 5000);
        check(one.remote, 1100);
    }
    const Reading again = read_report(octets);
    PH_ASSERT(again.kind == reading.kind && again.confidence == reading.confidence);
    return 0;
}
