// The policy file of MTA-STS (RFC 8461 §3.2), as its domain's policy host serves it. Pure; hostile
// input: linear in its size, which the fetch bounds.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "delivery/tls/tls_policy.h"

#include <string>
#include <string_view>
#include <vector>

namespace posthaste::delivery {

inline constexpr std::size_t kStsBodyAtMost = 64 << 10;

struct StsDocument {
    StsMode mode = StsMode::none;
    Seconds max_age{};            // as it was given, at most a year
    std::vector<std::string> mx;  // lower case, in its order
    std::vector<std::string> lines;
};

// Errors: syntax, with a sentence; too_large.
Result<StsDocument> parse_sts_policy(std::string_view body);

// What attempts get of it.
StsPolicy make_policy(const StsDocument& document, std::string id);

std::string_view to_string(StsMode mode);

}  // namespace posthaste::delivery
