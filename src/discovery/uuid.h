// Name-based UUIDs, version 5 (RFC 9562 §5.5): the same name gives the same UUID, on every server.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace posthaste::discovery {

using Uuid = std::array<std::uint8_t, 16>;

extern const Uuid kDnsNamespace;  // RFC 9562 §6.6

Uuid name_uuid(const Uuid& name_space, std::string_view name);
std::string to_string(const Uuid& uuid);  // lower case, with hyphens

}  // namespace posthaste::discovery
