#include "net/detail/client_hello.h"

#include "base/ascii.h"

#include <cstdint>

namespace posthaste::net::detail {

namespace {

std::size_t octet(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

// The two octets at `at`, in network order; the caller has checked that they are there.
std::size_t length_at(std::string_view text, std::size_t at) {
    return octet(text, at) << 8 | octet(text, at + 1);
}

}  // namespace

std::string_view only_protocol(std::string_view extension) {
    if (extension.size() < 3 || length_at(extension, 0) != extension.size() - 2) return {};
    const auto length = octet(extension, 2);
    if (length == 0 || length != extension.size() - 3) return {};
    return extension.substr(3);
}

std::string hello_server_name(std::string_view extension) {
    if (extension.size() < 2 || length_at(extension, 0) != extension.size() - 2) return {};
    auto rest = extension.substr(2);
    while (rest.size() >= 3) {
        const auto length = length_at(rest, 1);
        if (rest.size() - 3 < length) return {};
        if (rest[0] == 0) {
            const auto name = rest.substr(3, length);
            if (name.size() > 255 || name.find('\0') != std::string_view::npos) return {};
            return plain_server_name(name);
        }
        rest.remove_prefix(3 + length);
    }
    return {};
}

std::string plain_server_name(std::string_view asked) {
    auto name = ascii::to_lower(asked);
    if (name.ends_with('.')) name.pop_back();
    return name;
}

}  // namespace posthaste::net::detail
