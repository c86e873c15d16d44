#include "app/config/options/option_blocks.h"

namespace posthaste::app {

namespace {

using enum OptionType;

// Of a table of a list, which set_route and set_source read (route_settings.h): no default, no
// setter.
struct ListKey {
    std::string_view key;
    OptionType type;
    std::string_view text;
    std::string_view choices{};
};

std::vector<Option> as_options(std::initializer_list<ListKey> keys) {
    std::vector<Option> options;
    for (const auto& one : keys)
        options.push_back({one.key, one.type, "", one.text, one.choices, true, {}});
    return options;
}

}  // namespace

std::vector<Option> route_options() {
    return as_options({
        {"route[].name", text, "what commands and logs call it: one word"},
        {"route[].to", texts,
         "recipient domains: \"example.net\", \".example.net\" (below it), \"*\""},
        {"route[].from", texts,
         "senders: \"anna@example.com\", \"example.com\", \".example.com\" (below it), \"<>\""},
        {"route[].account", texts, "logins, by their address"},
        {"route[].via", texts,
         "\"host:port\", \"mx:name\", \"lmtp:host:port\", \"lmtp:unix:/path\", \"mx\", \"trap\" or "
         "\"hold\"; a list of hosts: the next when one fails; several in one text share the load"},
        {"route[].tls", choice,
         "as relay.tls, for this route; may (the default of \"mx\") keeps what the domains "
         "promise by DANE and MTA-STS",
         "none may encrypt verify dane dane-only"},
        {"route[].fallback", text,
         "name of the route that takes over when no host of this one is reached"},
        {"route[].fallback_after", number, "after so many attempts of a message (default 1)"},
        {"route[].source", texts, "names of the [[source]] it leaves from"},
        {"route[].family", choice, "which addresses are tried, in which order (default v4,v6)",
         "v4 v6 v4,v6 v6,v4"},
    });
}

std::vector<Option> source_options() {
    return as_options({
        {"source[].name", text, "what routes and logs call it: one word"},
        {"source[].address", texts,
         "an address of this machine that mail leaves from; one of IPv4 and one of IPv6 at most"},
        {"source[].ehlo", text,
         "the name it greets with, which its PTR record should hold (default: hostname)"},
        {"source[].weight", number, "its share of a pool's mail (default 1)"},
        {"source[].warm_up", number,
         "it is new to receivers: so many recipients at each provider on the first day, half again "
         "as many on each day after, spread evenly (50 to 200 is usual)"},
        {"source[].warm_up_until", number,
         "once a day's number has come to this, it is warm (default 10000)"},
        {"source[].warm_up_since", text,
         "the day it was first used, such as \"2026-11-01\" (default: counted from its first "
         "mail)"},
    });
}

}  // namespace posthaste::app
