// SASL as values (RFC 4954, RFC 4616; LOGIN by MS-XLOGIN and clients.md 3.3).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace posthaste::smtp {

constexpr std::size_t kMaxAuthLine = 12'288;                              // RFC 4954 §4
constexpr std::string_view kUsernamePrompt = "VXNlcm5hbWU6";              // byte-exact, see clients.md 3.3
constexpr std::string_view kPasswordPrompt = "UGFzc3dvcmQ6";

enum class Mechanism { plain, login, ntlm, other };

struct AuthArgument {
    Mechanism mechanism = Mechanism::other;
    bool has_initial_response = false;
    std::string initial_response;  // decoded; "=" gives an empty one
};

// The argument of AUTH. Errors: syntax (no mechanism, bad base64).
Result<AuthArgument> parse_auth(std::string_view argument);

struct Credentials {
    std::string login;  // as sent: octets, not yet UTF-8
    Secret password;
};

// Exactly two NULs, authcid and password not empty, authzid empty or equal to authcid (threats.md A7).
Result<Credentials> parse_plain(std::string_view decoded);

// Client side.
std::string plain_response(std::string_view login, const Secret& password);  // base64

}  // namespace posthaste::smtp
