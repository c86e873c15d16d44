// [relay] and whatever else names a smarthost: its keys, its presets, and the smarthost made of
// them.
#pragma once

#include "base/result.h"
#include "delivery/delivery.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::app {

// As in the file; "" is not given.
struct RelayOAuthSettings {
    std::string flow;    // client-credentials, sign-in, service-account
    std::string tenant;  // of Microsoft 365: an id or a domain
    std::string client_id;
    std::string client_secret_file;
    std::string certificate_file;
    std::string key_file;
    std::string service_account_file;
    std::string token_url;
    std::string device_url;
    std::string auth_url;
    std::string scope;
    std::string user;  // the mailbox; default: the relay's username
    std::string ca_file;
};

struct RelaySettings {
    std::string route;                 // the [[route]] it belongs to; empty: [relay]
    bool lmtp = false;                 // a [[route]] with via = "lmtp:…"
    std::string preset;                // microsoft365, google, google-relay
    std::string host;                  // "smtp.provider.net:587"; empty: no smarthost
    std::optional<bool> implicit_tls;  // default: true on 465
    delivery::TlsLevel tls = delivery::TlsLevel::verify;
    std::string ca_file;
    std::string auth;  // none, password, oauth, certificate; default: by what is given
    std::string username;
    std::string password_file;
    std::vector<std::string> mechanisms;  // upper case
    std::string client_certificate_file;
    std::string client_key_file;
    std::uint32_t max_connections = 0;
    std::uint32_t max_recipients = 0;
    std::uint32_t max_messages_per_minute = 0;
    RelayOAuthSettings oauth;
};

// Of a choice of relay.tls; verify for anything else.
delivery::TlsLevel tls_level(std::string_view choice);

// What a preset says, wherever nothing else was said; and `auth`, `flow` and `user` as they follow
// from what is given. Changes nothing when done twice.
void complete_relay(RelaySettings& relay);

// Whether any key of a relay was given: of completed settings.
bool names_relay(const RelaySettings& relay);

// Of completed settings, what is wrong with them: `key` ("auth", "oauth.tenant") is where, without
// its section. The most telling first.
struct RelayMistake {
    std::string key;
    std::string text;
    std::string mend;
};

std::vector<RelayMistake> relay_mistakes(const RelaySettings& relay);

// Reads the files that completed settings name. Errors: those of reading, syntax and unsupported,
// with the mend.
Result<delivery::Smarthost> make_smarthost(const RelaySettings& relay);

}  // namespace posthaste::app
