// Addresses of From, To and Cc as people see them. Lenient, unlike mail::parse_address_list, which
// decides about rights: nothing here is ever sent to or checked against.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posthaste::trap {

struct DisplayAddress {
    std::string name;     // encoded words decoded, one line; may be empty
    std::string address;  // as written, without angle brackets; may be empty when there was none

    bool operator==(const DisplayAddress&) const = default;
};

constexpr std::size_t kMaxDisplayAddresses = 1000;
constexpr std::size_t kMaxDisplayOctets = 64 << 10;  // of names and addresses together

// `body`: unfolded. What exceeds the bounds is left out. Linear.
std::vector<DisplayAddress> parse_display_addresses(std::string_view body);

// "Name <address>", or whichever of them there is.
std::string to_string(const DisplayAddress& address);

}  // namespace posthaste::trap
