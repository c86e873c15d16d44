// Three extensions of a ClientHello as they come, for what must be decided before OpenSSL looks at
// them. Hostile input; bounds are checked, nothing is kept.
#pragma once

#include <string>
#include <string_view>

namespace posthaste::net::detail {

// The protocol of an ALPN extension that names exactly one (RFC 7301 §3.1); "" otherwise.
std::string_view only_protocol(std::string_view extension);

// The host_name of a server_name extension (RFC 6066 §3), as `plain_server_name` gives it; "" when
// there is none.
std::string hello_server_name(std::string_view extension);

// The newest version that a client offers: "TLSv1.0". `legacy_version` is the one in front;
// `supported_versions` the extension (RFC 8446 §4.2.1), empty before TLS 1.3.
std::string offered_version(unsigned legacy_version, std::string_view supported_versions);

// Lower case, without the dot at the end: "mail.example.com." and "MAIL.example.com" are asked for
// too.
std::string plain_server_name(std::string_view asked);

}  // namespace posthaste::net::detail
