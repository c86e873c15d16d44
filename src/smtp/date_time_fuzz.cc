// Any date-time of RFC 3339, as HOLDUNTIL has it (RFC 4865): what is read can be written and is
// read again as the same.
#include "base/assert.h"
#include "smtp/date_time.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    const auto time =
        smtp::parse_date_time(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!time) return 0;
    const auto again = smtp::parse_date_time(smtp::format_date_time(*time));
    PH_ASSERT(again && *again == std::chrono::floor<std::chrono::seconds>(*time));
    return 0;
}
