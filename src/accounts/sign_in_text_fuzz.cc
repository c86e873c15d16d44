// What is read from the store or the admin API: any octets; what was read is written and read the
// same.
#include "accounts/sign_in_text.h"
#include "base/assert.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste::accounts;
    const auto read = parse_sign_in({reinterpret_cast<const char*>(data), size});
    if (!read) return 0;
    const std::string written = write_sign_in(*read);
    const auto again = parse_sign_in(written);
    PH_ASSERT(again.has_value() && write_sign_in(*again) == written);
    return 0;
}
