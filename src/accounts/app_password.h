// App passwords: made by us, so random enough to be found by a digest in one look-up, with no slow
// hash.
#pragma once

#include "accounts/keyed_digest.h"
#include "base/secret.h"

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::accounts {

// "fuzob-ramok-tidas-sovun-babit": five groups of 16 random bits, consonant and vowel in turn, so
// that it can be read out over the telephone.
Secret make_app_password();

// Without hyphens and blanks, in lower case; nothing if it cannot be one of ours. Any octets.
std::optional<Secret> canonical_app_password(std::string_view typed);

// What the store keeps. `canonical`: from the function above.
Digest app_password_digest(std::string_view server_secret, const Secret& canonical);

}  // namespace posthaste::accounts
