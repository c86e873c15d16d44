#include "smtp/sasl.h"

#include "base/ascii.h"
#include "base/base64.h"

#include <algorithm>
#include <utility>

namespace posthaste::smtp {

namespace {

constexpr std::size_t kMaxMechanism = 20;  // RFC 4422 §3.1

Mechanism find_mechanism(std::string_view name) {
    if (ascii::equals_ignore_case(name, "PLAIN")) return Mechanism::plain;
    if (ascii::equals_ignore_case(name, "LOGIN")) return Mechanism::login;
    // Outlook's "Secure Password Authentication" is either of the two (clients.md 3.3, R7).
    if (ascii::equals_ignore_case(name, "NTLM")) return Mechanism::ntlm;
    if (ascii::equals_ignore_case(name, "GSSAPI")) return Mechanism::ntlm;
    return Mechanism::other;
}

bool is_mechanism_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxMechanism && std::ranges::all_of(name, [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '_';
    });
}

std::unexpected<Error> bad_plain(std::string text) {
    return fail(ErrorKind::syntax, std::move(text), "Enter the user name and the password again");
}

}  // namespace

Result<AuthArgument> parse_auth(std::string_view argument) {
    if (argument.size() > kMaxAuthLine) {
        return fail(ErrorKind::too_large, "The AUTH command is too long", "Use PLAIN or LOGIN");
    }
    const std::string_view text = ascii::trim(argument);
    const std::string_view name = text.substr(0, std::min(text.find_first_of(" \t"), text.size()));
    if (!is_mechanism_name(name)) {
        return fail(ErrorKind::syntax, "AUTH needs the name of a mechanism",
                    "Use AUTH PLAIN or AUTH LOGIN");
    }
    AuthArgument result;
    result.mechanism = find_mechanism(name);
    const std::string_view response = ascii::trim(text.substr(name.size()));
    result.has_initial_response = !response.empty();
    const bool ours = result.mechanism == Mechanism::plain || result.mechanism == Mechanism::login;
    // A zero-length response is written "=" (RFC 4954 §4).
    if (!ours || response.empty() || response == "=") return result;

    auto decoded = base64::decode(response);
    if (!decoded) {
        return fail(ErrorKind::syntax, "The response behind the mechanism is not base64",
                    "Encode it as RFC 4648 says, with padding and in one piece");
    }
    result.initial_response = std::move(*decoded);
    return result;
}

Result<Credentials> parse_plain(std::string_view decoded) {
    if (std::ranges::count(decoded, '\0') != 2) {
        return bad_plain("The PLAIN response does not have three parts");
    }
    const std::size_t first = decoded.find('\0');
    const std::size_t second = decoded.find('\0', first + 1);
    const std::string_view authzid = decoded.substr(0, first);
    const std::string_view authcid = decoded.substr(first + 1, second - first - 1);
    const std::string_view password = decoded.substr(second + 1);
    if (authcid.empty()) return bad_plain("The user name is empty");
    if (password.empty()) return bad_plain("The password is empty");
    if (authcid.size() > kMaxLogin || password.size() > kMaxPassword) {
        return fail(ErrorKind::too_large, "The user name or the password is too long",
                    "Enter the user name and the password again");
    }
    // Letter case means nothing in a user name, and some programs fill in one of the two
    // themselves.
    if (!authzid.empty() && !ascii::equals_ignore_case(authzid, authcid)) {
        return fail(ErrorKind::denied, "The login asks to act as somebody else",
                    "Leave the authorisation identity empty");
    }
    return Credentials{std::string(authcid), Secret(std::string(password))};
}

Secret plain_message(std::string_view login, const Secret& password) {
    std::string text;
    text.reserve(login.size() + password.reveal().size() +
                 2);  // no copy of it left behind by growing
    text += '\0';
    text += login;
    text += '\0';
    text += password.reveal();
    return Secret(std::move(text));
}

std::string plain_response(std::string_view login, const Secret& password) {
    return base64::encode(plain_message(login, password).reveal());
}

}  // namespace posthaste::smtp
