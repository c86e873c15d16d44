// The escaped parts of URLs (RFC 3986 §2) and form data (application/x-www-form-urlencoded).
// Strict: what a browser or a program of ours would not send is refused, so that nothing is read in
// two ways.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::formats {

// All octets but the unreserved (letters, digits, -._~) as %HH.
std::string percent_encode(std::string_view text);

// Nothing when an escape is broken, an octet should have been escaped (controls, space, 8-bit, and
// the delimiters "<>\^`{|}), or the result holds a NUL or is not UTF-8. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

struct QueryLimits {
    std::size_t max_octets = 65'536;
    std::size_t max_pairs = 256;
};

using QueryPairs = std::vector<std::pair<std::string, std::string>>;

// "a=1&b=two+words" without the question mark, in the order given; a name may come more than once,
// and one without '=' has an empty value. Fails with syntax or too_large.
Result<QueryPairs> parse_query(std::string_view text, QueryLimits limits = {});

// The first value of that name.
std::optional<std::string_view> find_pair(const QueryPairs& pairs, std::string_view name);

}  // namespace posthaste::formats
