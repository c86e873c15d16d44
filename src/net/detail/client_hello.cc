#include "net/detail/client_hello.h"

#include "base/ascii.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace posthaste::net::detail {

namespace {

std::size_t octet(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

// The two octets at `at`, in network order; the caller has checked that they are there.
std::size_t length_at(std::string_view text, std::size_t at) {
    return octet(text, at) << 8 | octet(text, at + 1);
}

constexpr unsigned kSsl3 = 0x0300;
constexpr unsigned kNewest = 0x0304;

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

// A list of numbers behind its length in octets. Some are GREASE (RFC 8701): versions that nobody
// has.
std::string offered_version(unsigned legacy_version, std::string_view supported_versions) {
    unsigned newest = legacy_version;
    for (std::size_t at = 1; at + 1 < supported_versions.size(); at += 2) {
        const auto version = static_cast<unsigned>(length_at(supported_versions, at));
        if (version >= kSsl3 && version <= kNewest) newest = std::max(newest, version);
    }
    switch (newest) {
        case kSsl3:
            return "SSLv3";
        case 0x0301:
            return "TLSv1.0";
        case 0x0302:
            return "TLSv1.1";
        case 0x0303:
            return "TLSv1.2";
        case kNewest:
            return "TLSv1.3";
        default:
            return fmt::format("0x{:04x}", newest);
    }
}

std::string plain_server_name(std::string_view asked) {
    auto name = ascii::to_lower(asked);
    if (name.ends_with('.')) name.pop_back();
    return name;
}

}  // namespace posthaste::net::detail
