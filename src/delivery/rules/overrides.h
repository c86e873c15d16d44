// Overrides: what automation rules have changed about a path for a while, because of what its hosts
// replied (delivery.md 4.3). Whoever sends asks for them; who sets them is automation.h.
// Thread-safe.
#pragma once

#include "base/time.h"
#include "queue/gcra.h"

#include <optional>
#include <string>
#include <vector>

namespace posthaste::delivery {

// Whose mail goes where and from which address. What is not known or does not matter is empty.
struct PathName {
    std::string provider;  // "yahoo": all MX hosts are that provider's (providers.toml)
    std::string site;      // queue::Site::key
    std::string source;    // name of the [[source]]; empty: the default address
    std::string account;   // login of the sender
    bool bulk = false;     // its mail goes by the profile for newsletters
};

struct OptionOverride {
    std::string option;  // of the shaping file: "connection_limit", "max_message_rate", …
    std::string value;   // in its words: "1", "10/min"
    std::string rule;    // which rule says so
};

struct PathOverrides {
    std::optional<SteadyTime> suspended_until;  // nothing goes this way before
    std::string suspended_by;                   // the rule that says so
    bool whole_path = true;                     // false: the suspension is of the account alone
    std::string account_returned_by;  // the rule that returns the account's mail to this site
    std::string account_reply;        // ... and the reply that caused it
    std::optional<queue::RateLimit> account_rate;  // recipients of the account to this site
    std::string slowed_by;                         // the rule that says so
    bool use_other_source = false;                 // as long as the pool has another
    std::vector<OptionOverride> options;           // the strictest comes last, and counts
};

class Overrides {
  public:
    virtual ~Overrides() = default;
    virtual PathOverrides of(const PathName& path) const = 0;
};

}  // namespace posthaste::delivery
