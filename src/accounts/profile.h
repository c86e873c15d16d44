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

}  // namespace posthaste::accounts
