// Sealed octets: AES-256-GCM under a key of the store, for secrets that are kept on disk. Whoever
// has the file without the store's own secret has nothing, and a sealed text put in another's place
// does not open.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <string>
#include <string_view>

namespace posthaste::net {

// `secret` is the store's; `purpose` names whose octets these are, and is part of the key.
std::string seal(std::string_view secret, std::string_view purpose, const Secret& octets);

// Errors: denied (another secret, another purpose, or it was changed).
Result<Secret> unseal(std::string_view secret, std::string_view purpose, std::string_view sealed);

}  // namespace posthaste::net
