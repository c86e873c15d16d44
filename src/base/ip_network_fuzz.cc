// Networks from any text: what is read is written so that it reads back as the same.
#include "base/assert.h"
#include "base/ip_network.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using posthaste::IpNetwork;
    const auto network = IpNetwork::parse({reinterpret_cast<const char*>(data), size});
    if (!network) return 0;
    const auto again = IpNetwork::parse(network->to_string());
    PH_ASSERT(again && *again == *network);
    static_cast<void>(network->is_inside());
    return 0;
}
