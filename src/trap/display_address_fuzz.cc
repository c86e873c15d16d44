#include "base/assert.h"
#include "base/utf8.h"
#include "trap/display_address.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste::trap;
    const auto found = parse_display_addresses({reinterpret_cast<const char*>(data), size});
    PH_ASSERT(found.size() <= kMaxDisplayAddresses);
    for (const auto& one : found) {
        PH_ASSERT(!one.name.empty() || !one.address.empty());
        PH_ASSERT(posthaste::utf8::is_valid(to_string(one)));
    }
    return 0;
}
