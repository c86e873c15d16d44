// A person signs in at the provider, once, and we get what renews tokens from then on: by a code
// that is typed into a page on any device (RFC 8628), or in a browser that comes back to this
// machine (RFC 8252 §7.3) or whose address is pasted here.
#pragma once

#include "base/result.h"
#include "delivery/login/oauth_exchange.h"

#include <functional>
#include <string>

namespace posthaste::app::cli {

struct SignInPrompt {
    std::string url;
    std::string code;  // "" by browser
};

using ShowPrompt = std::function<void(const SignInPrompt&)>;

// Waits up to 15 minutes. Errors: those of the provider, with its words and the mend; timeout.
Result<Secret> sign_in_by_code(const delivery::OAuthSettings& settings, const ShowPrompt& show);
// Reads pasted lines from standard input.
Result<Secret> sign_in_by_browser(const delivery::OAuthSettings& settings, const ShowPrompt& show);

// "?code=…&state=…" of the address that the browser was sent back to. Errors: syntax (no such
// address, or of another sign-in), denied (the provider says no).
Result<Secret> read_redirect(std::string_view address, std::string_view state);

}  // namespace posthaste::app::cli
