#include "base/assert.h"
#include "net/detail/first_octets.h"
#include "net/detail/host_name.h"
#include "net/detail/port_holder.h"
#include "net/detail/system_addresses.h"
#include "net/detail/unbound.h"
#include "net/detail/validation.h"
#include "net/listener.h"
#include "net/tlsa.h"

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
    if (auto tlsa = posthaste::net::parse_tlsa_data(octets)) {
        PH_ASSERT(tlsa->data.size() + 3 == octets.size());
        PH_ASSERT(posthaste::net::usable_records({*tlsa, *tlsa}).size() <= 1);
    }
    if (auto text = parse_txt_data(octets)) {
        PH_ASSERT(text->size() < octets.size());
    }
    // The smaller parsers of this layer: they must only end.
    judge_first_octets(octets.substr(0, 8));
    listening_inodes(octets, 587);
    find_in_hosts(octets, "relay");
    anchor_owner(octets);
    static_cast<void>(unbound_server(std::string(octets)));
    if (auto address = posthaste::net::ListenAddress::parse(octets)) {
        PH_ASSERT(posthaste::net::ListenAddress::parse(address->to_string()).has_value());
    }
    return 0;
}
