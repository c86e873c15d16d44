// Who an account sends for, in the words of the command line and the admin API: "human",
// "application", "bulk". It decides how often and how long delivery is tried (queue/retry.h).
#pragma once

#include "base/result.h"
#include "store/values.h"

#include <string_view>

namespace posthaste::accounts {

std::string_view to_string(store::Profile profile);
// Errors: syntax. Empty is "human".
Result<store::Profile> parse_profile(std::string_view text);

// How what comes back to its mail is told apart (delivery.md 6.6): "off", "message", "recipient",
// or "on", which leaves it to the profile.
// "usual", "on", "off", "digest": which reports an account gets.
std::string_view to_string(store::ReportWish wish);
Result<store::ReportWish> parse_report_wish(std::string_view text);  // errors: syntax

std::string_view to_string(store::Verp verp);
Result<store::Verp> parse_verp(std::string_view text);  // errors: syntax
// What that comes to for the account's mail: never `usual`.
store::Verp effective_verp(const store::AccountRow& account);

}  // namespace posthaste::accounts
