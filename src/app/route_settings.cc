#include "app/route_settings.h"

#include "app/host_port.h"
#include "base/utf8.h"
#include "mail/domain.h"

#include <fmt/format.h>

namespace posthaste::app {

namespace {

Result<void> check_route_domains(const std::vector<std::string>& domains) {
    constexpr std::string_view kForms =
        "write \"example.net\", \".example.net\" for all below it, or \"*\"";
    if (domains.empty())
        return fail(ErrorKind::syntax, "this route is for no domain", std::string(kForms));
    for (std::string_view domain : domains) {
        if (domain == "*") continue;
        const auto name = domain.starts_with('.') ? domain.substr(1) : domain;
        if (!mail::Domain::parse(name))
            return fail(ErrorKind::syntax,
                        fmt::format("\"{}\" is no domain", utf8::printable(domain, 80)),
                        std::string(kForms));
    }
    return {};
}

}  // namespace

Result<void> set_route(RouteSettings& route, std::string_view key, const OptionValue& value) {
    if (key == "route[].to") {
        PH_CHECK(check_route_domains(value.texts));
        route.to = value.texts;
    }
    if (key == "route[].via") {
        const auto& via = value.texts[0];
        if (via != "mx" && via != "trap" && via != "hold" && !parse_host_port(via))
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is no next hop", via),
                        "write \"host:port\", \"mx\", \"trap\" or \"hold\"");
        route.via = via;
    }
    if (key == "route[].tls")
        route.tls = value.texts[0] == "none"        ? delivery::TlsLevel::none
                    : value.texts[0] == "may"       ? delivery::TlsLevel::may
                    : value.texts[0] == "encrypt"   ? delivery::TlsLevel::encrypt
                    : value.texts[0] == "dane"      ? delivery::TlsLevel::dane
                    : value.texts[0] == "dane-only" ? delivery::TlsLevel::dane_only
                                                    : delivery::TlsLevel::verify;
    return {};
}

}  // namespace posthaste::app
