// SASLprep (RFC 4013) of user names and passwords, as SCRAM wants them: typed on two machines the
// same octets.
#pragma once

#include <string>
#include <string_view>

namespace posthaste::mail {

// Spaces of all kinds become one, what is mapped to nothing goes, the rest gets NFKC. Text that the
// profile prohibits (controls, not UTF-8) comes back as it is: a server that took such a password
// once compares octets too, and the other ones refuse it in their own words.
std::string saslprep(std::string_view text);

}  // namespace posthaste::mail
