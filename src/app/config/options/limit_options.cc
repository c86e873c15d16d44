#include "app/config/options/option_blocks.h"
#include "app/config/options/option_setters.h"
#include "app/config/units.h"
#include "base/ip.h"

#include <fmt/format.h>

namespace posthaste::app {

namespace {

using enum OptionType;

Result<void> set_max_hold(Settings& s, const OptionValue& v) {
    s.max_hold = Seconds(0);
    if (v.texts[0] == "off") return {};
    PH_TRY(s.max_hold, parse_duration(v.texts[0]));
    if (s.max_hold < Seconds(1) || s.max_hold > std::chrono::days(366))
        return fail(ErrorKind::syntax, "mail is kept back for a second to 366 days",
                    "write max_hold = \"30d\", or \"off\"");
    return {};
}

Result<void> set_trusted_networks(Settings& s, const OptionValue& v) {
    s.trusted_networks.clear();
    for (const auto& text : v.texts) {
        const auto network = IpNetwork::parse(text);
        if (!network)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is no network", text),
                        "write an address with the length of its prefix, and zeros behind it: "
                        "\"203.0.113.0/24\"");
        s.trusted_networks.push_back(*network);
    }
    return {};
}

}  // namespace

std::vector<Option> limit_options() {
    return {
        {"limits.message_size", size, "\"50 MB\"", "largest message", "", true,
         assign(&Settings::message_size)},
        {"limits.recipients", number, "1000", "recipients of one transaction", "", true,
         assign(&Settings::recipients)},
        {"limits.max_hold", text, "\"30d\"",
         "longest that a sender may have a message kept back (HOLDFOR, HOLDUNTIL); \"off\": not at "
         "all",
         "", true, set_max_hold},
        {"limits.connections", number, "20000", "connections at once", "", true,
         assign(&Settings::connections)},
        {"limits.connections_per_address", number, "100",
         "before login only; an IPv6 /64 counts as one address", "", true,
         assign(&Settings::connections_per_address)},
        {"limits.errors", number, "20", "bad commands, then the session ends", "", true,
         assign(&Settings::errors)},
        {"limits.command_timeout", duration, "\"5m\"",
         "silence between commands; 60s in all before login", "", true,
         assign(&Settings::command_timeout)},
        {"limits.data_timeout", duration, "\"3m\"", "silence inside a message", "", true,
         assign(&Settings::data_timeout)},
        {"limits.trusted_networks", texts, "",
         "never put off for failed logins, such as \"203.0.113.0/24\"; those of Microsoft, Google "
         "and Apple never are",
         "", true, set_trusted_networks},
    };
}

std::vector<Option> admin_options() {
    return {
        {"admin.address", text, "", "the same as admin above, for a file that has this section", "",
         true, set_admin},
        {"admin.socket", path, "", "default: admin.sock in the store's folder", "", true,
         assign(&Settings::admin_socket)},
        {"admin.user", text, "",
         "who to become after binding (default: the owner of the store's folder)", "", true,
         assign(&Settings::admin_user)},

        {"log.format", choice, "logfmt", "how log lines look on stderr", "logfmt json", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             s.log_format = v.texts[0] == "json" ? LogFormat::json : LogFormat::logfmt;
             return {};
         }},
    };
}

}  // namespace posthaste::app
