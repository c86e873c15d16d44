// The plain-text port: answers to a certificate authority (RFC 8555 §8.3), and for everything else
// the way to https. Outlook looks for its documents here too and follows a 302 (clients.md 1.1).
#pragma once

#include "web/http/router.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste::web {

struct ChallengeSite {
    // What belongs at /.well-known/acme-challenge/TOKEN; any thread.
    std::function<std::optional<std::string>(std::string_view token)> text;
    std::string https_base;  // "https://mail.example.com:8443"; "": there is no https
    // Whether mail programs may call us so (lower case, without port): nobody is sent to a name
    // that is not ours (threats.md W7). Null: every name.
    std::function<runtime::Task<bool>(std::string host)> ours{};
};

void add_challenge_pages(Router& router, ChallengeSite site);

// Where a request on the plain-text port belongs: the same name (if it is one) and the same path,
// by https on the port of `https_base`. For tests.
std::string https_address(const HttpRequest& request, const std::string& https_base);

}  // namespace posthaste::web
