// What to do about a token server's or a relay's refusal of our login, in the words of the portal
// or shell it is done in (clients.md 4.4, 5.3). Sentences for people, without a final stop.
#pragma once

#include "delivery/login/oauth.h"
#include "smtp/reply.h"

#include <string>
#include <string_view>

namespace posthaste::delivery {

struct Smarthost;

// `error`: RFC 6749 §5.2; `description`: the server's own words, hostile.
std::string token_mend(const OAuthSettings& settings, std::string_view error,
                       std::string_view description);

// A reply to AUTH that says no. "" where nothing better is known than what is said of every relay.
std::string login_mend(const Smarthost& smarthost, const smtp::Reply& reply);

// Another token would change nothing about this refusal.
bool is_about_the_setting(const smtp::Reply& reply);

// The same mend for the login of a [[route]]: other words for its section, and its name behind the
// command. "" is [relay]'s. Changes nothing when done twice.
std::string in_section(std::string mend, std::string_view route);

// The name of a mailbox in a shell's command line: as it is when it is harmless, else a
// placeholder.
std::string in_command(std::string_view mailbox);

}  // namespace posthaste::delivery
