#include "base/assert.h"
#include "net/detail/host_name.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste::net::detail;
    std::string_view octets(reinterpret_cast<const char*>(data), size);
    is_host_name(octets);
    if (auto mx = parse_mx_data(octets)) {
        PH_ASSERT(mx->preference <= 0xffff);
        PH_ASSERT(mx->host.size() <= 254);
        PH_ASSERT(!mx->host.starts_with('.') && !mx->host.ends_with('.'));
    }
    return 0;
}
