// What mail programs have to be told about one domain: the values that every set-up document,
// record and card is made of. Plain data; app/ fills it from the configuration.
#pragma once

#include "mail/domain.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::discovery {

enum class Security : std::uint8_t {
    implicit_tls,  // TLS from the first octet: "SSL/TLS" in mail programs (RFC 8314 §3)
    starttls,
};

enum class IncomingKind : std::uint8_t { imap, pop3 };

// 143 and 110 are STARTTLS; every other port is taken for TLS from the first octet.
Security usual_security(IncomingKind kind, std::uint16_t port);

// Somebody else's server: Posthaste keeps no mailboxes, and yet no mail program makes an account
// without one (clients.md 1.4, 2.5).
struct IncomingServer {
    IncomingKind kind = IncomingKind::imap;
    std::string host{};
    std::uint16_t port = 993;
    Security security = Security::implicit_tls;
};

struct MailSettings {
    mail::Domain domain{};  // of the addresses
    std::string host{};     // what programs connect to for sending; a name of the certificate
    std::uint16_t tls_port = 465;            // 0: not offered
    std::uint16_t starttls_port = 587;       // 0: not offered
    std::vector<IncomingServer> incoming{};  // preferred first; may be empty
    std::string name{};                      // the provider's, for people: "Example Mail"
    std::string short_name{};
    std::string https_base{};  // "https://mail.example.com", no slash at the end; empty: no HTTPS
    std::string help_base{};   // "https://mail.example.com/h/", or empty
};

struct SubmissionPort {
    std::uint16_t port = 0;
    Security security = Security::implicit_tls;
};

// The ports offered, TLS from the first octet first (RFC 8314 §3.3).
std::vector<SubmissionPort> submission_ports(const MailSettings& settings);

// The first incoming server of that kind; nullptr without one.
const IncomingServer* find_incoming(const MailSettings& settings, IncomingKind kind);

// Of an https base: "mail.example.com", and its port, 443 when it names none. Empty host for an
// empty base.
struct HttpsSite {
    std::string host;
    std::uint16_t port = 443;
};

HttpsSite https_site(std::string_view https_base);

}  // namespace posthaste::discovery
