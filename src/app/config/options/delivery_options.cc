#include "app/config/options/option_blocks.h"
#include "app/config/options/option_setters.h"
#include "base/ip.h"
#include "net/resolver.h"

#include <fmt/format.h>

namespace posthaste::app {

namespace {

using enum OptionType;

template <std::uint16_t Settings::* Member>
Result<void> set_port(Settings& s, const OptionValue& v) {
    if (v.numbers[0] < 1 || v.numbers[0] > 65535)
        return fail(ErrorKind::syntax, "a port is 1 to 65535");
    s.*Member = static_cast<std::uint16_t>(v.numbers[0]);
    return {};
}

template <std::vector<Seconds> Settings::* Member>
Result<void> set_steps(Settings& s, const OptionValue& v) {
    auto& steps = s.*Member;
    steps.clear();
    for (auto seconds : v.numbers) {
        if (seconds < 1) return fail(ErrorKind::syntax, "a step is at least 1s");
        steps.emplace_back(seconds);
    }
    if (steps.empty())
        return fail(ErrorKind::syntax, "the list is empty", "write at least one step: [\"5m\"]");
    return {};
}

Result<void> set_resolvers(Settings& s, const OptionValue& v) {
    for (const auto& text : v.texts) PH_CHECK(net::check_name_server(text));
    s.resolvers = v.texts;
    return {};
}

Result<void> set_own_addresses(Settings& s, const OptionValue& v) {
    s.own_addresses.clear();
    for (const auto& text : v.texts) {
        const auto address = IpAddress::parse(text);
        if (!address)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is no address", text),
                        "write it like \"192.0.2.1\" or \"2001:db8::1\"");
        s.own_addresses.push_back(*address);
    }
    return {};
}

}  // namespace

std::vector<Option> delivery_options() {
    return {
        {"delivery.resolver", texts, "", "name servers \"127.0.0.1:5353\" (default: the system's)",
         "", true, set_resolvers},
        {"delivery.trust_anchor_file", path, "", "DNSSEC root key (default: Debian's)", "", true,
         assign(&Settings::trust_anchor_file)},
        {"delivery.rules_file", path, "",
         "rules of your own on what replies mean and change, asked before the program's", "", true,
         assign(&Settings::rules_file)},
        {"delivery.mx_port", number, "25", "port of MX hosts", "", true,
         set_port<&Settings::mx_port>},
        {"delivery.ca_file", path, "",
         "who may sign the certificates of MX hosts and of MTA-STS policy hosts (default: the "
         "system's authorities)",
         "", true, assign(&Settings::delivery_ca_file)},
        {"delivery.mta_sts", flag, "true",
         "keep to what recipients' domains demand of TLS by MTA-STS (RFC 8461)", "", true,
         assign(&Settings::mta_sts)},
        {"delivery.sts_port", number, "443", "port of MTA-STS policy hosts; another one in tests",
         "", true, set_port<&Settings::sts_port>},
        {"delivery.allow_private_addresses", flag, "false",
         "deliver to MX hosts on loopback and private addresses", "", true,
         assign(&Settings::allow_private_addresses)},
        {"delivery.old_tls", flag, "false",
         "TLS 1.0 and 1.1 towards MX hosts that know nothing newer and promise nothing better; "
         "without it such mail waits, then leaves in clear",
         "", true, assign(&Settings::old_tls)},
        {"delivery.requiretls", flag, "false",
         "offer REQUIRETLS (RFC 8689): who asks for it gets verified TLS all the way, or the mail "
         "back",
         "", true, assign(&Settings::requiretls)},
        {"delivery.address_literals", flag, "false",
         "take mail to user@[192.0.2.1], and bring it to that address", "", true,
         assign(&Settings::address_literals)},
        {"delivery.own_addresses", texts, "",
         "further addresses of this server, such as its address before NAT: an MX host there is a "
         "loop",
         "", true, set_own_addresses},
        {"delivery.source", texts, "",
         "names of the [[source]] that mail leaves from, unless its route names others", "", true,
         assign(&Settings::source_pool)},
        {"delivery.retry", durations, "[\"5m\", \"10m\", \"15m\", \"30m\", \"1h\", \"2h\", \"4h\"]",
         "waits between attempts; the last repeats", "", true, set_steps<&Settings::retry>},
        {"delivery.expire", duration, "\"5d\"", "when a message is given up", "", true,
         assign(&Settings::expire)},
        {"delivery.application_retry", durations,
         "[\"1m\", \"2m\", \"4m\", \"8m\", \"15m\", \"30m\", \"1h\"]",
         "the same for accounts of programs (account set --profile application)", "", true,
         set_steps<&Settings::application_retry>},
        {"delivery.application_expire", duration, "\"24h\"", "when their messages are given up", "",
         true, assign(&Settings::application_expire)},
        {"delivery.bulk_retry", durations, "[\"15m\", \"30m\", \"1h\", \"2h\", \"4h\", \"6h\"]",
         "the same for accounts that send newsletters (--profile bulk)", "", true,
         set_steps<&Settings::bulk_retry>},
        {"delivery.bulk_expire", duration, "\"48h\"", "when their messages are given up", "", true,
         assign(&Settings::bulk_expire)},
        {"delivery.report_retry", durations, "[\"30m\", \"1h\", \"2h\", \"4h\", \"6h\"]",
         "the same for delivery reports", "", true, set_steps<&Settings::report_retry>},
        {"delivery.report_expire", duration, "\"2d\"",
         "when a report is given up; never later than expire", "", true,
         assign(&Settings::report_expire)},
        {"delivery.shaping_file", path, "",
         "limits of your own for providers, sites and domains, over those shipped "
         "(docs/shaping.md)",
         "", true, assign(&Settings::shaping_file)},
    };
}

}  // namespace posthaste::app
