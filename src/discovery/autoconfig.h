// Thunderbird's autoconfig document, version 1.1 (draft-ietf-mailmaint-autoconfig). The same for
// every address of a domain: placeholders stand where the address goes.
#pragma once

#include "discovery/settings.h"

#include <string>
#include <string_view>

namespace posthaste::discovery {

inline constexpr std::string_view kAutoconfigContentType = "text/xml; charset=utf-8";

// Both submission ports, TLS from the first octet first.
std::string make_autoconfig(const MailSettings& settings);

}  // namespace posthaste::discovery
