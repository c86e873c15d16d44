// SASL as values (RFC 4954, RFC 4616; LOGIN by MS-XLOGIN and clients.md 3.3).
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <string>
#include <string_view>

namespace posthaste::smtp {

constexpr std::size_t kMaxAuthLine = 12'288;  // RFC 4954 §4
constexpr std::size_t kMaxLogin = 255;        // RFC 4616 §2: 255 octets for each; a token as a
constexpr std::size_t kMaxPassword = 4096;    // password may be longer
constexpr std::string_view kUsernamePrompt = "VXNlcm5hbWU6";  // byte-exact, see clients.md 3.3
constexpr std::string_view kPasswordPrompt = "UGFzc3dvcmQ6";

enum class Mechanism { plain, login, ntlm, other };

struct AuthArgument {
    Mechanism mechanism = Mechanism::other;
    bool has_initial_response = false;
    std::string initial_response;  // decoded; "=" gives an empty one; PLAIN and LOGIN only
};

// The argument of AUTH. Errors: syntax (no mechanism, bad base64), too_large. What follows a
// mechanism that we do not speak is not looked at: the answer is 504 in any case.
Result<AuthArgument> parse_auth(std::string_view argument);

struct Credentials {
    std::string login;  // as sent: octets, not yet UTF-8
    Secret password;
};

// Exactly two NULs, authcid and password not empty, authzid empty or equal to authcid (threats.md
// A7). Errors: syntax, too_large, denied (to act as somebody else).
Result<Credentials> parse_plain(std::string_view decoded);

// Client side; the rest of it is in sasl_client.h.
Secret plain_message(std::string_view login, const Secret& password);
std::string plain_response(std::string_view login, const Secret& password);  // base64

}  // namespace posthaste::smtp
