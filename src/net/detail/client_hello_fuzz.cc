#include "base/assert.h"
#include "net/detail/client_hello.h"

#include <cstddef>
#include <cstdint>

using namespace posthaste::net::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    PH_ASSERT(only_protocol(octets).size() <= 255);
    const auto name = hello_server_name(octets);
    PH_ASSERT(name.size() <= 255 && name.find('\0') == std::string::npos);
    const unsigned legacy = size > 1 ? data[0] * 256U + data[1] : 0;
    PH_ASSERT(offered_version(legacy, octets).size() <= 7);
    return 0;
}
