// What may be asked of DNS, and what may come back as the name of a host.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::net::detail {

// Letters, digits, hyphen and underscore (seen in the wild) in labels of 1 to 63, 253 octets in
// all, the last label not all digits. No trailing dot.
bool is_host_name(std::string_view name);

// The preference and the host of an MX record's data (RFC 1035 §3.3.9), uncompressed; the host in
// lower case without the trailing dot, "" for the root. Nothing when malformed. The host may be any
// name: ask is_host_name.
struct MxData {
    unsigned preference = 0;
    std::string host;
};

std::optional<MxData> parse_mx_data(std::string_view octets);

// The character-strings of a TXT record's data, joined (RFC 1035 §3.3.14). Nothing when malformed.
std::optional<std::string> parse_txt_data(std::string_view octets);

}  // namespace posthaste::net::detail
