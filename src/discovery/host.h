// Whom an HTTP request asks for, and every name that mail programs may call us by. Matched exactly:
// a name that is not ours gets no document (threats.md W7).
#pragma once

#include "discovery/settings.h"
#include "mail/domain.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::discovery {

enum class Site : std::uint8_t {
    plain,         // any other name; `domain` is the name itself
    autodiscover,  // autodiscover.example.com
    autoconfig,
    ua_auto_config,  // PACC
};

struct AskedHost {
    Site site = Site::plain;
    mail::Domain domain;  // example.com
};

// A Host field or an SNI name: any letter case, with or without port and final dot (which
// Microsoft's AutoDetect sends: clients.md 1.2). Nothing for what is no host name.
std::optional<AskedHost> read_host(std::string_view host);

// What the certificate for this domain must name: the host of sending first, as Outlook 2007 reads
// no further (clients.md 3.2), each once.
std::vector<std::string> certificate_names(const MailSettings& settings);

}  // namespace posthaste::discovery
