// Any Date field: what is read is a time that this server can write, and reads again as the same.
#include "base/assert.h"
#include "base/time.h"
#include "mail/date.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const auto time = mail::parse_date(body);
    PH_ASSERT(time.has_value() == mail::is_date(body));
    if (!time) return 0;
    const auto again = mail::parse_date(format_rfc5322(*time));
    PH_ASSERT(again && *again == std::chrono::floor<std::chrono::seconds>(*time));
    return 0;
}
