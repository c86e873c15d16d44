// gzip (RFC 1952), for texts that are sent whole.
#pragma once

#include <string>
#include <string_view>

namespace posthaste::formats {

// The same text gives the same octets: no name and no time are in them. Aborts only when there is
// no memory.
std::string gzip(std::string_view text);

}  // namespace posthaste::formats
