// PACC (draft-ietf-mailmaint-pacc): a JSON document whose exact octets a TXT record vouches for. It
// names hosts alone: programs use the ports of TLS from the first octet, 993, 995 and 465.
#pragma once

#include "discovery/settings.h"

#include <string>
#include <string_view>

namespace posthaste::discovery {

inline constexpr std::string_view kPaccContentType = "application/json";

// It cannot name a port: without 465 there is nothing it could say of sending, and a half document
// keeps programs from better ways. Then it is not published, nor are its records.
bool has_pacc(const MailSettings& settings);

// The same octets for the same settings, always: the digest in the DNS depends on it. A server that
// is not reached at its usual port is left out.
std::string make_pacc(const MailSettings& settings);

// base64 of the SHA-256 of those octets.
std::string pacc_digest(std::string_view document);

// "v=UAAC1; a=sha256; d=…": the TXT record of _ua-auto-config.<domain>. To change the document,
// publish both digests, change it, then drop the old one.
std::string pacc_txt(std::string_view digest);

}  // namespace posthaste::discovery
