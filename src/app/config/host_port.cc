#include "app/config/host_port.h"

#include "base/ip.h"
#include "mail/domain.h"

#include <charconv>

#include <fmt/format.h>

namespace posthaste::app {

Result<HostPort> parse_host_port(std::string_view text) {
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" has no port", text),
                    "write it like \"smtp.provider.net:587\"");
    auto host = text.substr(0, colon);
    auto digits = text.substr(colon + 1);
    unsigned port = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port < 1 || port > 65535)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no port", digits),
                    "a port is a number from 1 to 65535");
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (IpAddress::parse(host))
        return HostPort{std::string(host), static_cast<std::uint16_t>(port)};
    PH_TRY(auto name, mail::Domain::parse(host));
    return HostPort{name.ascii(), static_cast<std::uint16_t>(port)};
}

}  // namespace posthaste::app
