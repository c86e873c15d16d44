// OAuth 2 as a smarthost's login needs it: what is configured, as plain values. Who gets the
// tokens: token_keeper.h. The words on the wire: oauth_exchange.h.
#pragma once

#include "base/secret.h"

#include <string>

namespace posthaste::delivery {

// How a token is come by (delivery.md 9.1).
enum class Grant {
    client_secret,       // the server by itself (RFC 6749 §4.4)
    client_certificate,  // the same, proven by a signed assertion (RFC 7523 §2.2)
    refresh_token,       // a person signed in once (RFC 6749 §6): `posthaste relay login`
    service_account,     // Google's: a signed assertion is the grant itself (RFC 7523 §2.1)
};

// Whose words the mends are in.
enum class Provider { other, microsoft, google };

struct OAuthSettings {
    Grant grant = Grant::client_secret;
    Provider provider = Provider::other;
    std::string token_url;   // https
    std::string device_url;  // of the device flow (RFC 8628); empty: it has none
    std::string auth_url;    // where a browser signs in (RFC 6749 §4.1); empty: likewise
    std::string client_id;   // of service accounts: their address
    Secret client_secret;
    Secret key_pem;               // what an assertion is signed with
    std::string certificate_pem;  // Microsoft knows the key by its digest
    std::string key_id;           // Google by this name
    bool pss = false;             // PS256 instead of RS256
    std::string scope;
    std::string user;     // the mailbox
    std::string ca_file;  // who may sign the token server's certificate; empty: the system's

    // Whose tokens these are: two logins with one name share them.
    std::string name() const { return token_url + " " + client_id + " " + user; }
};

}  // namespace posthaste::delivery
